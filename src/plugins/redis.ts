import fp from 'fastify-plugin';
import { withDeadline } from '../cache/deadline.ts';
import { openRedis, type RedisClient, type RedisConnection } from '../cache/redis-connection.ts';
import { refusals } from '../cache/redis-permissions.ts';
import { RedisWatch } from '../cache/redis-watch.ts';
import { ConfigurationError } from '../errors.ts';
import { tlsAdvice } from '../tls-advice.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The node-redis client: of one server, a Cluster or Sentinel. Absent without `REDIS_URL`. */
    redis?: RedisClient;
    redisConnection?: RedisConnection;
    /** Whether it answers, and how much it holds. */
    redisWatch?: RedisWatch;
  }
}

/** What a start waits for Redis before it goes on without. Milliseconds. */
const CONNECT_MS = 1_000;

const NO_LOCAL_TIER = 'CACHE_LOCAL needs one server of Redis to follow: every hit is a round trip';

/** Decorates `app.redis`. It reconnects by itself for ever; `caches` hears of every loss. */
export const redis = fp(
  async (app) => {
    const { REDIS_URL: url, CACHE_LOCAL } = app.config;
    if (!url) return;
    const connection = open(url, CACHE_LOCAL === 'on');
    logTransitions(connection, app.log);
    if (CACHE_LOCAL === 'on' && !connection.tracking) app.log.info(NO_LOCAL_TIER);
    app.decorate('redis', { getter: () => connection.client });
    app.decorate('redisConnection', connection);
    const watch = new RedisWatch(connection);
    app.decorate('redisWatch', watch);
    app.addHook('onClose', async () => connection.close());
    await withDeadline(connection.connect(), CONNECT_MS).catch(() => {});
  },
  { name: 'redis', dependencies: ['config'], fastify: '5.x' },
);

function open(url: string, track: boolean): RedisConnection {
  try {
    return openRedis(url, { track });
  } catch (error) {
    throw new ConfigurationError(`REDIS_URL cannot be used (${Object(error).message})`);
  }
}

/** One line when the connection is lost and one when it is back, however many attempts lie between. */
function logTransitions(
  { client, events }: RedisConnection,
  log: { info(text: string): void; warn(details: object, text: string): void },
) {
  let lost = false;
  events.on('ready', () => {
    lost = false;
    log.info('Redis is connected');
    void refusals(client).then((refused) => {
      if (refused.length > 0)
        log.warn({ refused }, 'Redis does not allow all that the cache asks: going without');
    });
  });
  events.on('lost', (error) => {
    const reason = [error.message, tlsAdvice(error) ?? []].flat().join(': ');
    if (!lost) log.warn({ reason }, 'Redis does not answer: reading from PostgreSQL until it does');
    lost = true;
  });
}
