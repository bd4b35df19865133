import type { FastifyBaseLogger } from 'fastify';
import fp from 'fastify-plugin';
import { type CacheEvents, newCacheEvents } from '../cache/events.ts';
import { type Caches, createCaches } from '../cache/index.ts';
import { LocalTier } from '../cache/local-tier.ts';
import { MemoryStore } from '../cache/memory-store.ts';
import type { RedisConnection } from '../cache/redis-connection.ts';
import { RedisStore } from '../cache/redis-store.ts';
import { trackTokens } from '../cache/redis-tracking.ts';
import type { Store } from '../cache/store.ts';
import { TokenMirror } from '../cache/token-mirror.ts';
import type { Config } from '../config.ts';
import { EVERYTHING } from '../properties/tags.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The page layer and the data layer, over Redis and this process's memory. */
    caches: Caches;
  }
}

const BYTES_PER_MB = 1024 * 1024;

/** Decorates `app.caches`. Whenever Redis may have lost what it knew, everything in it is invalidated. */
export const caches = fp(
  async (app) => {
    const { redisConnection: connection, config, log } = app;
    const events = newCacheEvents();
    const store = openStore(config, connection, events, log);
    const layers = createCaches({
      store,
      events,
      everything: EVERYTHING,
      staleIfError: config.STALE_IF_ERROR,
    });
    connection?.events.on('lost', () => {
      layers.distrust('redis');
      void layers.trust('redis');
    });
    logEvents(events, log);
    app.decorate('caches', layers);
    app.addHook('onClose', () => layers.close());
  },
  { name: 'caches', dependencies: ['config', 'redis'], fastify: '5.x' },
);

/** Redis with this process's memory in front of it, Redis alone, or this process's memory alone. */
function openStore(
  { CACHE_LOCAL_MAX_MB, PAGE_CACHE_TTL, DATA_CACHE_TTL }: Config,
  connection: RedisConnection | undefined,
  events: CacheEvents,
  log: FastifyBaseLogger,
): Store {
  const maxBytes = CACHE_LOCAL_MAX_MB * BYTES_PER_MB;
  if (!connection) return new MemoryStore(maxBytes);
  const { client, tracking } = connection;
  const tokenSeconds = 2 * Math.max(PAGE_CACHE_TTL, DATA_CACHE_TTL);
  if (!tracking) return new RedisStore(client, { tokenSeconds });
  const mirror = new TokenMirror();
  const peers = trackTokens(connection, tracking, mirror, {
    changed: (tags) => events.emit('taken', tags),
    refused: ({ message }) =>
      log.warn({ reason: message }, 'Redis does not allow the local tier: not using it'),
  });
  return new LocalTier(new RedisStore(client, { tokenSeconds, mirror }), mirror, peers, maxBytes);
}

/** One line when the cache can no longer be trusted and one when it can; what each failure was is for debugging. */
function logEvents(events: CacheEvents, log: FastifyBaseLogger): void {
  events.on('doubt', (doubtful) => {
    if (doubtful) log.warn('bypassing the cache: what it holds may be out of date');
    else log.info('the cache is in use again');
  });
  events.on('breaker', (open) => {
    if (open)
      log.warn('Redis is too slow: asking it only every 250 ms, and reading from PostgreSQL meanwhile');
    else log.info('Redis answers in time again');
  });
  events.on('pending', (tags, error) => {
    const details = { tags: tags.length, reason: Object(error).message };
    log.error(details, 'an invalidation failed: trying to invalidate everything until it succeeds');
  });
  events.on('failure', (layer, tier, during, error) => {
    log.debug({ layer, tier, during, reason: Object(error).message }, 'a tier of the cache failed');
  });
}
