import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { RedisConnection, Store } from '../cache/index.ts';
import {
  type CacheEvents,
  type Caches,
  createCaches,
  isReply,
  LocalTier,
  MemoryStore,
  newCacheEvents,
  RedisStore,
  TokenMirror,
  trackTokens,
} from '../cache/index.ts';
import { messageOf } from '../platform/index.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The page layer and the data layer, over Redis and this process's memory. */
    caches: Caches;
  }
}

const BYTES_PER_MB = 1024 * 1024;

/** The source of tokens, for which the log has lines of its own. */
const REDIS = 'redis';

export interface CachesPluginOptions {
  /** Tags of which every entry has at least one. */
  readonly everything: readonly string[];
}

/** Decorates `app.caches`. Whenever Redis may have lost tokens, everything in it is invalidated. */
export const caches = fp<CachesPluginOptions>(
  async (app, { everything }) => {
    const { redisConnection: connection, redisWatch, redisRefusals, config, log, times } = app;
    const events = newCacheEvents();
    const store = openStore(app, connection, events);
    const layers = createCaches({
      store,
      shared: redisWatch,
      events,
      everything,
      staleIfError: config.STALE_IF_ERROR,
      patience: times.storeMs,
      invalidationPatience: times.invalidationMs,
      leaderMs: times.leaderMs,
    });
    logDoubts(events, log, (why) => connection !== undefined && isLoggedAlready(why, connection));
    logEvents(events, log);
    if (redisWatch && !redisWatch.up) layers.distrust(REDIS);
    connection?.events.on('lost', () => layers.distrust(REDIS));
    connection?.events.on('ready', () => void layers.trust(REDIS));
    events.on('failure', (_layer, _tier, _during, error) => {
      if (redisWatch?.up && isReply(error)) redisRefusals?.look();
    });
    app.decorate('caches', layers);
    app.addHook('onClose', () => layers.close());
  },
  { name: 'caches', dependencies: ['config', 'redis'], fastify: '5.x' },
);

/** Redis with this process's memory in front of it, Redis alone, or this process's memory alone. */
function openStore(
  { config, log, times }: Pick<FastifyInstance, 'config' | 'log' | 'times'>,
  connection: RedisConnection | undefined,
  events: CacheEvents,
): Store {
  const { CACHE_LOCAL_MAX_MB, PAGE_CACHE_TTL, DATA_CACHE_TTL } = config;
  const maxBytes = CACHE_LOCAL_MAX_MB * BYTES_PER_MB;
  if (!connection) return new MemoryStore(maxBytes);
  const { client, keyspace, tracking } = connection;
  const tokenSeconds = 2 * Math.max(PAGE_CACHE_TTL, DATA_CACHE_TTL);
  if (!tracking) return new RedisStore(client, { keyspace, tokenSeconds });
  const mirror = new TokenMirror({ trustMs: times.mirrorMs });
  const peers = trackTokens(connection, tracking, mirror, {
    peersMs: times.peersMs,
    changed: (tags) => events.emit('taken', tags),
    refused: ({ message }) =>
      log.warn({ reason: message }, 'Redis does not allow the local tier: not using it'),
  });
  return new LocalTier(new RedisStore(client, { keyspace, tokenSeconds, mirror }), mirror, peers, maxBytes);
}

/**
 * Whether the log has a line of its own for this loss of Redis. It also has one when Redis refuses an invalidation, because the
 * connection is probed with a write four times a second: but not that of a Cluster, and a lack of permission is no loss.
 */
function isLoggedAlready(why: unknown, { client }: RedisConnection): boolean {
  return why === REDIS || (isReply(why) && !isReply(why, 'NOPERM') && !('masters' in client));
}

/** One line when the cache can no longer be trusted and one when it can, unless another line says so. */
function logDoubts(events: CacheEvents, log: FastifyBaseLogger, isLogged: (why: unknown) => boolean): void {
  let said = false;
  events.on('doubt', (doubtful, why) => {
    const details = why instanceof Error ? { reason: why.message } : {};
    const isNews = doubtful && !isLogged(why);
    if (isNews) log.warn(details, 'bypassing the cache: what it holds may be out of date');
    if (!doubtful && said) log.info('the cache is in use again');
    said = isNews;
  });
}

/** Tags of one invalidation that are logged. */
const LOGGED_TAGS = 12;

/**
 * One line when Redis is too slow and one when it no longer is; each invalidation, and what each failure was, is for
 * debugging.
 */
function logEvents(events: CacheEvents, log: FastifyBaseLogger): void {
  events.on('breaker', (open) => {
    if (open)
      log.warn('Redis is too slow: asking it only every 250 ms, and reading from PostgreSQL meanwhile');
    else log.info('Redis answers in time again');
  });
  events.on('invalidation', (tags, { cause, by, names = [] }) => {
    const logged = { tags: tags.slice(0, LOGGED_TAGS), count: tags.length, names: Object.fromEntries(names) };
    log.debug({ cause, by, ...logged }, 'invalidated');
  });
  events.on('pending', (tags, error) => {
    const details = { tags: tags.length, reason: messageOf(error) };
    log.debug(details, 'an invalidation failed: trying to invalidate everything until it succeeds');
  });
  events.on('failure', (layer, tier, during, error) => {
    log.debug({ layer, tier, during, reason: messageOf(error) }, 'a tier of the cache failed');
  });
}
