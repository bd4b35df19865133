import { createClient, type RedisClientType } from 'redis';
import { openRedis } from '../../src/cache/redis/connection.ts';
import { RedisStore } from '../../src/cache/redis/redis-store.ts';
import { trackTokens } from '../../src/cache/redis/tracking.ts';
import { LocalTier } from '../../src/cache/stores/local-tier.ts';
import { MemoryStore } from '../../src/cache/stores/memory-store.ts';
import type { Store } from '../../src/cache/stores/store.ts';
import { TokenMirror } from '../../src/cache/stores/token-mirror.ts';
import { startRedis } from '../../support/redis.ts';
import type { Scope } from '../../support/scope.ts';
import { LOCAL_MAX_BYTES, REDIS_MAX_BYTES } from './limits.ts';

export interface Opened {
  readonly store: Store;
  /** To ask Redis how it is, on another connection than the cache's. */
  readonly observer?: RedisClientType;
}

export interface BoundedStore {
  readonly name: string;
  readonly redis: boolean;
  open(scope: Scope): Promise<Opened>;
}

/** As the service opens them: by `REDIS_URL`, `CACHE_LOCAL` and `CACHE_LOCAL_MAX_MB`. */
export const STORES: readonly BoundedStore[] = [
  { name: 'MemoryStore', redis: false, open: async () => ({ store: new MemoryStore(LOCAL_MAX_BYTES) }) },
  { name: 'LocalTier in front of Redis', redis: true, open: openLocalTier },
  { name: 'RedisStore', redis: true, open: openRedisStore },
];

async function openLocalTier(scope: Scope): Promise<Opened> {
  const { url, observer } = await openBoundedRedis(scope);
  const connection = openRedis(url, { track: true });
  scope.teardown(() => connection.close());
  const mirror = new TokenMirror();
  await connection.connect();
  if (!connection.tracking) throw new Error('it was asked to track');
  const peers = trackTokens(connection, connection.tracking, mirror, {
    changed: () => {},
    refused: (error) => {
      throw error;
    },
  });
  await peers.listen();
  const store = new LocalTier(new RedisStore(connection.client, { mirror }), mirror, peers, LOCAL_MAX_BYTES);
  return { store, observer };
}

async function openRedisStore(scope: Scope): Promise<Opened> {
  const { url, observer } = await openBoundedRedis(scope);
  const connection = openRedis(url);
  scope.teardown(() => connection.close());
  await connection.connect();
  return { store: new RedisStore(connection.client), observer };
}

/** A private server that evicts, as docker-compose.yaml has it. */
async function openBoundedRedis(scope: Scope) {
  const { url } = await startRedis(scope);
  const observer: RedisClientType = createClient({ url });
  observer.on('error', () => {}); // The question fails with it.
  await observer.connect();
  scope.teardown(() => observer.destroy());
  await observer.configSet({ maxmemory: String(REDIS_MAX_BYTES), 'maxmemory-policy': 'allkeys-lru' });
  return { url, observer };
}
