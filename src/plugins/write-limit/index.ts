import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { ConfigurationError, TooManyWrites } from '../../errors.ts';
import { addressOf, type Trust, trustOf } from './client-address.ts';
import { WriteCounts } from './write-counts.ts';

const WINDOW_MS = 60_000;

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Limits the writes of each client, before its key is asked for: who has a right one is known by that, everybody else
 * by his address. So wrong keys use up nobody's writes, and cannot be tried in any number.
 */
export const writeLimit = fp(
  async (app) => {
    const { WRITE_RATE_LIMIT: max, TRUST_PROXY } = app.config;
    const trust = readTrust(TRUST_PROXY);
    if (max === 0) return;
    const { redisConnection: connection } = app;
    const redis = connection && (() => connection.client);
    await app.register(rateLimit, {
      global: false,
      max,
      timeWindow: WINDOW_MS,
      store: class extends WriteCounts {
        constructor() {
          super(redis);
        }
      },
      keyGenerator: (request) => clientOf(app, request, trust),
      enableDraftSpec: true, // The names without an X: RateLimit-Limit, -Remaining, -Reset.
      errorResponseBuilder: (_, { ttl }) => new TooManyWrites(Math.ceil(ttl / 1000)),
    });
    const limit = app.rateLimit();
    app.addHook('onRoute', function limitWrites(route: RouteOptions) {
      const hooks = [route.onRequest ?? []].flat();
      const isWrite = [route.method].flat().some((method) => WRITES.has(method));
      if (isWrite && hooks.includes(app.requireWriteKey)) route.onRequest = [limit, ...hooks];
    });
  },
  { name: 'write-limit', dependencies: ['config', 'redis', 'write-key'], fastify: '5.x' },
);

function readTrust(setting: string | undefined): Trust {
  try {
    return trustOf(setting);
  } catch (error) {
    throw new ConfigurationError(`TRUST_PROXY cannot be used (${Object(error).message})`);
  }
}

/** By its key, which nobody can read out of this, or by its address; of IPv6 that of its network, which has 2^64. */
function clientOf(app: FastifyInstance, request: FastifyRequest, trust: Trust): string {
  const key = app.writeKeyOf(request);
  if (key !== undefined)
    return `key:${createHash('sha256').update(`writes:${key}`).digest('hex').slice(0, 32)}`;
  return `address:${rateLimit.normalizeIP(addressOf(request, trust))}`;
}
