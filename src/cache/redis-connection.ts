import { EventEmitter } from 'node:events';
import timers from 'node:timers/promises';
import {
  createClient,
  createCluster,
  createSentinel,
  type RedisClientType,
  type RedisClusterType,
  type RedisSentinelType,
} from 'redis';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import { parseRedisUrl, type RedisAddress } from './redis-url.ts';

/** node-redis, whatever it talks to: the commands of a cache are the same. */
export type RedisClient = RedisClientType | RedisClusterType | RedisSentinelType;

/** What one attempt to connect may take. Milliseconds. */
const CONNECT_MS = 1_000;

/** The longest pause between two attempts to connect. Milliseconds. */
const MAX_PAUSE_MS = 500;

/** Between two questions whether a connection is alive. Milliseconds. */
const PING_MS = 250;

/** How long an answer may take before the connection counts as lost. Milliseconds. */
const SILENCE_MS = 2_000;

/**
 * How long a socket may carry nothing, for connections that are being made and those that nobody else watches. It is
 * longer, because a process that was busy with itself for so long would not be believed. Milliseconds.
 */
const IDLE_MS = 5_000;

/** Between two looks at who the master is, should a Sentinel's word not have come. Milliseconds. */
const SCAN_MS = 1_000;

interface RedisEventMap {
  /** A server was lost, or is another one now: what Redis holds may be older than what it held. */
  lost: [error: Error];
  /** It can be asked, for the first time or again. */
  ready: [];
  /** One server only: it answered a question that was sent at `asked`, a time of `performance.now()`. */
  alive: [asked: number];
}

export interface RedisConnection {
  readonly client: RedisClient;
  readonly events: EventEmitter<RedisEventMap>;
  /** The client that reports changes of the keys that it read (one server only, and asked for). */
  readonly tracking: RedisClientType | undefined;
  /** Resolves at the first connection; attempts go on until `close`. */
  connect(): Promise<void>;
  close(): void;
}

/** What every connection to a server of Redis has in common: commands fail at once while it is lost. */
const common = {
  disableOfflineQueue: true,
  socket: {
    connectTimeout: CONNECT_MS,
    socketTimeout: IDLE_MS,
    reconnectStrategy: (retries: number) => Math.min(25 * 2 ** retries, MAX_PAUSE_MS),
  },
};

/**
 * Opens what the URL names. It reconnects by itself for ever.
 *
 * @throws an Error of one line for a URL that cannot be used
 */
export function openRedis(url: string, { track = false } = {}): RedisConnection {
  const address = parseRedisUrl(url);
  if (address.kind === 'cluster') return openCluster(address);
  if (address.kind === 'sentinel') return openSentinel(address);
  const client: RedisClientType = createClient({ ...common, url: address.url, emitInvalidate: track });
  const events = new EventEmitter<RedisEventMap>();
  client.on('error', (error) => events.emit('lost', error)).on('ready', () => events.emit('ready'));
  const stop = keepAsking(client, events);
  return {
    client,
    events,
    tracking: track ? client : undefined,
    connect: async () => void (await client.connect()),
    close() {
      stop();
      client.destroy();
    },
  };
}

/**
 * Asks for signs of life, and connects again when none comes. A socket's own timeout will not do: it counts what
 * is sent as well, so that a server that is asked often never seems silent.
 */
function keepAsking(client: RedisClientType, events: EventEmitter<RedisEventMap>): () => void {
  const ask = async () => {
    const asked = performance.now();
    try {
      await withDeadline(client.ping(), SILENCE_MS);
      events.emit('alive', asked);
    } catch (error) {
      if (!(error instanceof DeadlineExceeded) || !client.isOpen) return; // Lost, and said so.
      events.emit('lost', error);
      client.destroy();
      client.connect().catch(() => {}); // Tried again until it is closed, each failure an event.
    }
  };
  let asking = false;
  const askOnce = () => {
    if (asking || !client.isReady) return;
    asking = true;
    void ask().finally(() => {
      asking = false;
    });
  };
  client.on('ready', askOnce);
  const timer = setInterval(askOnce, PING_MS).unref();
  return () => clearInterval(timer);
}

type Address<Kind> = Extract<RedisAddress, { kind: Kind }>;

/** A node that comes back, or that takes over, may lack the last tokens: both are a loss. */
function openCluster(address: Address<'cluster'>): RedisConnection {
  const { nodes, tls, login } = address;
  const client: RedisClusterType = createCluster({
    rootNodes: nodes.map((node) => ({ socket: { ...node, tls } })),
    defaults: { ...common, pingInterval: PING_MS, ...login, socket: { ...common.socket, tls } },
    topologyRefreshOnReconnectionAttemptStrategy: MAX_PAUSE_MS,
  });
  const events = new EventEmitter<RedisEventMap>();
  for (const event of ['error', 'node-error']) client.on(event, (error) => events.emit('lost', error));
  client.on('node-ready', ({ host, port }) => {
    events.emit('lost', new Error(`${host}:${port} was connected`));
    events.emit('ready');
  });
  return insistent(
    { client, events },
    () => client.connect(),
    () => client.destroy(),
  );
}

/** A new master may lack the last tokens of the old one: a failover is a loss. */
function openSentinel(address: Address<'sentinel'>): RedisConnection {
  const { nodes, tls, login, group, database } = address;
  const socket = { ...common.socket, tls };
  const client: RedisSentinelType = createSentinel({
    name: group,
    sentinelRootNodes: [...nodes],
    sentinelClientOptions: { socket },
    nodeClientOptions: { ...common, pingInterval: PING_MS, ...login, database, socket },
    passthroughClientErrorEvents: true,
    scanInterval: SCAN_MS,
  });
  const events = new EventEmitter<RedisEventMap>();
  client.on('error', (error) => events.emit('lost', error));
  client.on('reconnecting', () => events.emit('lost', new Error('Sentinel names another master')));
  client.on('ready', () => events.emit('ready'));
  return insistent(
    { client, events },
    () => client.connect(),
    () => client.destroy().catch(() => {}),
  );
}

/** Tries again until it is connected once: from then on node-redis does. */
function insistent(
  opened: Pick<RedisConnection, 'client' | 'events'>,
  open: () => Promise<unknown>,
  destroy: () => unknown,
): RedisConnection {
  const closing = new AbortController();
  async function connect(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        return void (await open());
      } catch {
        await timers.setTimeout(MAX_PAUSE_MS, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  }
  const close = () => {
    closing.abort();
    void destroy();
  };
  return { ...opened, tracking: undefined, connect, close };
}

/** `INFO stats` of each server that holds keys. */
export async function statsOfEach(client: RedisClient): Promise<string[]> {
  if (!('masters' in client)) return [await client.info('stats')];
  return Promise.all(client.masters.map(async (node) => (await client.nodeClient(node)).info('stats')));
}
