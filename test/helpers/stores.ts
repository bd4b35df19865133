import { once } from 'node:events';
import type { RedisClientType } from 'redis';
import { createClient } from 'redis';
import type { Test } from 'tap';
import { openRedis as openConnection } from '../../src/cache/redis/connection.ts';
import { RedisStore } from '../../src/cache/redis/redis-store.ts';
import { trackTokens } from '../../src/cache/redis/tracking.ts';
import { LocalTier } from '../../src/cache/stores/local-tier.ts';
import { MemoryStore } from '../../src/cache/stores/memory-store.ts';
import type { Store } from '../../src/cache/stores/store.ts';
import { type MirrorOptions, TokenMirror } from '../../src/cache/stores/token-mirror.ts';
import { scratchRedis, skipWithoutRedis } from '../../support/redis.ts';
import { PATIENT_MS } from './times.ts';

const MAX_BYTES = 1024 * 1024;

export interface StoreKind {
  readonly name: string;
  readonly skip: string | false;
  open(t: Test): Promise<Store>;
}

/** Every store: what holds for one must hold for the others. */
export const storeKinds: readonly StoreKind[] = [
  { name: 'memory', skip: false, open: async () => new MemoryStore(MAX_BYTES) },
  { name: 'Redis', skip: skipWithoutRedis, open: async (t) => new RedisStore(await openRedis(t)) },
  {
    name: 'memory in front of Redis',
    skip: skipWithoutRedis,
    open: async (t) => (await openLocalTier(t)).store,
  },
];

export async function openRedis(t: Test, url?: string): Promise<RedisClientType> {
  const client: RedisClientType = createClient({ url: url ?? (await scratchRedis(t)) });
  client.on('error', () => {}); // The test may stop the server.
  await client.connect();
  t.teardown(() => client.destroy());
  return client;
}

interface LocalTierOptions extends MirrorOptions {
  readonly peersMs?: number;
}

/** As the service opens it, and ready to answer from memory. */
export async function openLocalTier(t: Test, url?: string, options: LocalTierOptions = {}) {
  const { peersMs = PATIENT_MS, trustMs = PATIENT_MS, now } = options;
  const connection = openConnection(url ?? (await scratchRedis(t)), { track: true, silenceMs: PATIENT_MS });
  t.teardown(() => connection.close());
  const mirror = new TokenMirror({ now, trustMs });
  const changed: string[] = [];
  await connection.connect();
  if (!connection.tracking) throw new Error('it was asked to track');
  const peers = trackTokens(connection, connection.tracking, mirror, {
    peersMs,
    changed: (tags) => changed.push(...tags),
    refused: t.fail,
  });
  while (!mirror.tokens([])) await once(connection.events, 'alive'); // Redis has agreed, and answered since.
  const store = new LocalTier(new RedisStore(connection.client, { mirror }), mirror, peers, MAX_BYTES);
  return { store, mirror, connection, changed };
}
