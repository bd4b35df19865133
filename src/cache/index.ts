export { type Caches, createCaches } from './caches.ts';
export { Breaker } from './core/breaker.ts';
export type { Cache, EntryCache } from './core/cache.ts';
export { type Key, keyIn } from './core/key.ts';
export type { Fill, LookupOptions, Miss } from './core/lookup.ts';
export { isFresh } from './core/token.ts';
export type { RedisClient, RedisConnection, RedisOptions } from './redis/client.ts';
export { openRedis } from './redis/connection.ts';
export { RefusalWatch } from './redis/permissions.ts';
export { RedisStore } from './redis/redis-store.ts';
export { isReply } from './redis/replies.ts';
export { trackTokens } from './redis/tracking.ts';
export { RedisWatch } from './redis/watch.ts';
export { LocalTier } from './stores/local-tier.ts';
export { MemoryStore } from './stores/memory-store.ts';
export type { ServerSize, SharedServer } from './stores/shared-server.ts';
export {
  type Entry,
  type KeyspaceStatistics,
  MAX_VALUE_BYTES,
  type MemoryUsage,
  type Store,
  type Tag,
  type Tier,
  type Value,
} from './stores/store.ts';
export { TokenMirror } from './stores/token-mirror.ts';
export type { Counters, TierCounters } from './telemetry/counters.ts';
export { type CacheEvents, type Cause, type Layer, newCacheEvents, type Origin } from './telemetry/events.ts';
