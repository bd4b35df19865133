import type { EventEmitter } from 'node:events';
import type { RedisClientType, RedisClusterType, RedisSentinelType } from 'redis';
import { openCluster } from './redis-cluster.ts';
import { openSentinel } from './redis-sentinel.ts';
import { openServer } from './redis-server.ts';
import { parseRedisUrl } from './redis-url.ts';

/** node-redis, whatever it talks to: the commands of a cache are the same. */
export type RedisClient = RedisClientType | RedisClusterType | RedisSentinelType;

interface RedisEventMap {
  /** A server was lost, or is another one now: what Redis holds may be older than what it held. */
  lost: [error: Error];
  /** It can be asked, for the first time or again: every server of it. */
  ready: [];
  /** One server only: it answered a question that was sent at `asked`, a time of `performance.now()`. */
  alive: [asked: number];
}

export type RedisEvents = EventEmitter<RedisEventMap>;

export interface RedisConnection {
  readonly client: RedisClient;
  readonly events: RedisEvents;
  /** The client that reports changes of the keys that it read (one server only, and asked for). */
  readonly tracking: RedisClientType | undefined;
  /** Resolves at the first connection; attempts go on until `close`. */
  connect(): Promise<void>;
  close(): void;
}

/**
 * Opens what the URL names. It reconnects by itself for ever.
 *
 * @throws an Error of one line for a URL that cannot be used
 */
export function openRedis(url: string, { track = false } = {}): RedisConnection {
  const address = parseRedisUrl(url);
  if (address.kind === 'cluster') return openCluster(address);
  if (address.kind === 'sentinel') return openSentinel(address);
  return openServer(address, { track });
}

/** `INFO stats` of each server that holds keys. */
export async function statsOfEach(client: RedisClient): Promise<string[]> {
  return Promise.all((await serversOf(client)).map((server) => server.info('stats')));
}

export interface RedisSize {
  /** Of the database that is used, whoever put them there. */
  readonly keys: number;
  /** Memory that the server has in use, for whatever it is. */
  readonly bytes: number;
}

/** What all servers that hold keys have together. Both questions take Redis no longer when it holds more. */
export async function sizeOf(client: RedisClient): Promise<RedisSize> {
  const servers = await serversOf(client);
  const [keys, texts] = await Promise.all([
    Promise.all(servers.map((server) => server.dbSize())),
    Promise.all(servers.map((server) => server.info('memory'))),
  ]);
  const bytes = texts.map((text) => Number(/^used_memory:(\d+)/m.exec(text)?.[1]));
  return { keys: sum(keys), bytes: sum(bytes) };
}

const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);

async function serversOf(client: RedisClient): Promise<readonly (RedisClientType | RedisSentinelType)[]> {
  return 'masters' in client ? Promise.all(client.masters.map((node) => client.nodeClient(node))) : [client];
}
