import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import { TooManyWrites } from '../../errors.ts';
import { WriteCounts } from './write-counts.ts';

const WINDOW_MS = 60_000;

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Limits the writes of each client, before its key is checked. A client with a valid key is identified by the key, any other
 * by its address. So requests with wrong keys do not count against a key's holder, and are limited themselves.
 */
export const writeLimit = fp(
  async (app) => {
    const { WRITE_RATE_LIMIT: max } = app.config;
    if (max === 0) return;
    const { caches, times } = app;
    await app.register(rateLimit, {
      global: false,
      max,
      timeWindow: WINDOW_MS,
      store: class extends WriteCounts {
        constructor() {
          super(caches.shared, times.countMs);
        }
      },
      keyGenerator: (request) => clientOf(app, request),
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
  { name: 'write-limit', dependencies: ['config', 'caches', 'write-key'], fastify: '5.x' },
);

/** The name that a client is counted under: a digest of its key, or its address; with IPv6 that of its network of 2^64. */
function clientOf(app: FastifyInstance, request: FastifyRequest): string {
  const key = app.writeKeyOf(request);
  if (key !== undefined)
    return `key:${createHash('sha256').update(`writes:${key}`).digest('hex').slice(0, 32)}`;
  return `address:${rateLimit.normalizeIP(addressOf(request))}`;
}

/** The client's address; the proxy's own where that names something else (`unknown`, an address with a port). */
export function addressOf({ ips = [], ip }: FastifyRequest): string {
  return [ip, ...ips.toReversed()].find((address) => isIP(address) !== 0) ?? '';
}
