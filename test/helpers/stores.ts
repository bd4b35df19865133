import { createClient, type RedisClientType } from 'redis';
import type { Test } from 'tap';
import { MemoryStore } from '../../src/cache/memory-store.ts';
import { RedisStore } from '../../src/cache/redis-store.ts';
import type { Store } from '../../src/cache/store.ts';
import { scratchRedis, skipWithoutRedis } from './redis.ts';

export interface StoreKind {
  readonly name: string;
  readonly skip: string | false;
  open(t: Test): Promise<Store>;
}

/** Both stores: what holds for one must hold for the other. */
export const storeKinds: readonly StoreKind[] = [
  { name: 'memory', skip: false, open: async () => new MemoryStore(1024 * 1024) },
  { name: 'Redis', skip: skipWithoutRedis, open: async (t) => new RedisStore(await openRedis(t)) },
];

export async function openRedis(t: Test, url?: string): Promise<RedisClientType> {
  const client: RedisClientType = createClient({ url: url ?? (await scratchRedis(t)) });
  client.on('error', () => {}); // The test may stop the server.
  await client.connect();
  t.teardown(() => client.destroy());
  return client;
}
