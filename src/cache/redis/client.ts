import type { EventEmitter } from 'node:events';
import { RESP_TYPES, type RedisClientType, type RedisClusterType, type RedisSentinelType } from 'redis';
import type { Keyspace } from './keyspace.ts';

/** A client of node-redis: for one server, a Cluster or Sentinel. The cache's commands are the same. */
export type RedisClient = RedisClientType | RedisClusterType | RedisSentinelType;

export type BufferClient = ReturnType<typeof withBuffers>;

/** The same client, with Buffers for answers: as strings a 280 KB list costs twice as much. */
export function withBuffers(client: RedisClient) {
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}

interface RedisEventMap {
  /** A server was lost or replaced: Redis may hold older tokens than before. */
  lost: [error: Error];
  /** Every server answers, for the first time or again. */
  ready: [];
  /** One server only: it answered a probe that was sent at `sentAt`, a time of `performance.now()`. */
  alive: [sentAt: number];
}

export type RedisEvents = EventEmitter<RedisEventMap>;

export interface RedisConnection {
  readonly client: RedisClient;
  readonly keyspace: Keyspace;
  readonly events: RedisEvents;
  /** The client that reports changes of the keys that it read (one server only, with `track`). */
  readonly tracking: RedisClientType | undefined;
  /** Resolves at the first connection; attempts go on until `close`. */
  connect(): Promise<void>;
  close(): void;
}

export interface RedisOptions {
  /** What the names of all keys and channels begin with: applications that share a Redis need one each. */
  readonly namespace?: string | undefined;
  /** Whether to report changes of the keys that were read. */
  readonly track?: boolean;
  /** One server only: how long an answer may take before the connection counts as lost. Milliseconds. */
  readonly silenceMs?: number | undefined;
}
