import { EventEmitter, setMaxListeners } from 'node:events';
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

/** The pause before the second attempt to connect, doubled before each further one. Milliseconds. */
const FIRST_PAUSE_MS = 25;

/** The longest pause between two attempts to connect. Milliseconds. */
const MAX_PAUSE_MS = 500;

/** Between two questions whether a connection is alive. Milliseconds. */
const PING_MS = 250;

/** How long an answer may take before the connection counts as lost. Milliseconds. */
const SILENCE_MS = 2_000;

/**
 * How long the socket to a single server may carry nothing, which matters only while it is being opened: later it is
 * asked. It is longer, because this timer goes off before what has come is read, when the process was busy with
 * itself. Milliseconds.
 */
const IDLE_MS = 5_000;

/** How long a group of servers may fail before node-redis is begun anew. Milliseconds. */
const RENEW_MS = 5_000;

interface RedisEventMap {
  /** A server was lost, or is another one now: what Redis holds may be older than what it held. */
  lost: [error: Error];
  /** It can be asked, for the first time or again: every server of it. */
  ready: [];
  /** One server only: it answered a question that was sent at `asked`, a time of `performance.now()`. */
  alive: [asked: number];
}

type RedisEvents = EventEmitter<RedisEventMap>;

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
 * What every socket has in common. A new object each time: node-redis writes a URL's host and port into it.
 *
 * @param closing ends a socket in whatever state it is, and lets no other begin: node-redis forgets one that it is
 *   still connecting, and goes on to ask the next of several servers
 */
function socketOptions(closing: AbortSignal) {
  return {
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    reconnectStrategy: (retries: number) => Math.min(FIRST_PAUSE_MS * 2 ** retries, MAX_PAUSE_MS),
    get signal(): AbortSignal {
      closing.throwIfAborted();
      return closing;
    },
  };
}

/** Else each command gets a timer for until it is sent, which is half of what it costs: callers have a deadline. */
const commandOptions = { timeout: 0 };

/** What ends everything that a connection began; as many sockets as it likes listen to it. */
function newClosing(): AbortController {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  return closing;
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
  const closing = newClosing();
  const client: RedisClientType = createClient({
    url: address.url,
    disableOfflineQueue: true, // Commands fail at once while it is lost.
    commandOptions,
    emitInvalidate: track,
    socket: Object.assign(socketOptions(closing.signal), { socketTimeout: IDLE_MS }),
  });
  const events: RedisEvents = new EventEmitter();
  const renew = () => {
    client.destroy();
    client.connect().catch(() => {}); // Tried again until it is closed, each failure an event.
  };
  client.on('ready', () => events.emit('ready'));
  client.on('error', (error) => {
    events.emit('lost', error);
    if (client.isReady) renew(); // What it could not read may have been an answer: none is to be believed any more.
  });
  const stop = keepAsking(client, events, renew);
  return {
    client,
    events,
    tracking: track ? client : undefined,
    connect: async () => void (await client.connect()),
    close() {
      stop();
      client.destroy();
      closing.abort();
    },
  };
}

/**
 * Asks for signs of life, and connects again when none comes. A socket's own timeout will not do: it counts what
 * is sent as well, so that a server that is asked often never seems silent.
 */
function keepAsking(client: RedisClientType, events: RedisEvents, renew: () => void): () => void {
  const ask = async () => {
    const asked = performance.now();
    try {
      await withDeadline(client.ping(), SILENCE_MS);
      events.emit('alive', asked);
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) return; // Lost, and said so.
      events.emit('lost', error);
      renew();
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

/**
 * The nodes are connected when they are first asked: node-redis waits without end for all of those that it
 * connects by itself, so that one node that is listed but gone would stop it from ever looking again.
 */
function openCluster({ nodes, tls, login }: Address<'cluster'>): RedisConnection {
  const closing = newClosing();
  const socket = Object.assign(socketOptions(closing.signal), { tls });
  const client: RedisClusterType = createCluster({
    rootNodes: nodes.map((node) => ({ socket: { ...node, tls } })),
    defaults: { ...login, disableOfflineQueue: true, socket },
    commandOptions,
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: MAX_PAUSE_MS,
  });
  const ask = async () => {
    if (client.slots.includes(undefined as never)) throw new SlotsWithoutNode();
    await Promise.all(client.masters.map(async (node) => (await client.nodeClient(node)).ping()));
  };
  const { connection, lose } = supervise(client, closing, ask);
  // A node that comes back, or that takes over, may lack the last tokens. The first connections to the nodes that a
  // look has found are no loss: nothing was read from them since it began.
  let expected = new Set<string>();
  const connected = new Set<string>();
  client.on('connect', () => {
    expected = new Set(client.masters.map(({ address }) => address));
    connected.clear();
  });
  client.on('node-ready', (node) => {
    connected.add(nameOf(node));
    if (!expected.delete(nameOf(node))) lose(new Error(`${nameOf(node)} was connected`));
  });
  client.on('node-error', (error, node) => {
    if (connected.delete(nameOf(node))) lose(error); // And not again at every attempt to connect.
  });
  client.on('error', () => {}); // One node could not be asked for the others: another one is.
  return connection;
}

/** node-redis would never look again, not even when they have one. */
class SlotsWithoutNode extends Error {
  constructor() {
    super('the cluster has slots without a node');
  }
}

const nameOf = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;

/** No key: to delete it is a write that changes nothing. */
const PROBE = 'property-listings:probe';

/** What node-redis calls the errors of the one connection that matters here: it has no event for them. */
const MASTER_ERROR = 'Master Client';

/**
 * Commands have a connection of their own (`reserveClient`): those that share node-redis's pool wait for each
 * other. They fail at once while the master is lost, rather than after sixteen looks at who it is now. There is no
 * `scanInterval`: every command waits while node-redis looks, so that one Sentinel that does not answer would stop
 * them all again and again. A new master is found when a Sentinel tells of it or when the connection is lost, which
 * a Sentinel sees to when it makes a master a replica.
 */
function openSentinel({ nodes, tls, login, group, database }: Address<'sentinel'>): RedisConnection {
  const closing = newClosing();
  const socket = Object.assign(socketOptions(closing.signal), { tls });
  const client: RedisSentinelType = createSentinel({
    name: group,
    sentinelRootNodes: [...nodes],
    sentinelClientOptions: { pingInterval: PING_MS, socket }, // Asked, or its silence would end it.
    nodeClientOptions: { ...login, database, disableOfflineQueue: true, socket },
    commandOptions,
    passthroughClientErrorEvents: true,
    reserveClient: true,
    maxCommandRediscovers: 0,
  });
  const ask = () => client.del(PROBE); // A master that has become a replica would answer a PING.
  const { connection, lose } = supervise(client, closing, ask);
  client.on('error', (error) => {
    if (String(Object(error).message).startsWith(MASTER_ERROR)) lose(error); // A Sentinel's is none.
  });
  // A new master may lack the last tokens of the old one. The first that a look finds is none.
  let expected = false;
  client.on('connect', () => {
    expected = true;
  });
  client.on('topology-change', ({ type }) => {
    if (type !== 'MASTER_CHANGE') return;
    if (!expected) lose(new Error('Sentinel names another master'));
    expected = false;
  });
  return connection;
}

/**
 * Opens and asks for signs of life of every server, until it is closed. node-redis is begun anew when there are none
 * for two seconds, or only errors for five: servers that are silent without an error, nodes that were listed but are
 * gone, and whatever else it does not recover from by itself.
 *
 * @param ask rejects unless every server answers
 * @returns the connection, and what to call when a server is lost
 */
function supervise(
  client: RedisClusterType | RedisSentinelType,
  closing: AbortController,
  ask: () => Promise<unknown>,
): { connection: RedisConnection; lose: (error: Error) => void } {
  const { signal } = closing;
  const events: RedisEvents = new EventEmitter();
  let up: boolean | undefined;
  let since = 0;

  const lose = (error: Error) => {
    up = false;
    if (!signal.aborted) events.emit('lost', error);
  };
  async function look(): Promise<void> {
    if (!client.isOpen) {
      await client.connect();
      since = performance.now();
    }
    await withDeadline(ask(), SILENCE_MS);
    since = performance.now();
    if (!up && !signal.aborted) events.emit('ready');
    up = true;
  }
  async function fail(error: Error): Promise<void> {
    if (up !== false) lose(error);
    const hopeless = error instanceof DeadlineExceeded || error instanceof SlotsWithoutNode;
    if (!client.isOpen || (!hopeless && performance.now() - since < RENEW_MS)) return;
    await client.destroy();
    lose(error); // What it answers from now on may be of other servers.
  }
  async function run(): Promise<void> {
    while (!signal.aborted) {
      await look().catch(fail);
      await timers.setTimeout(PING_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }
  const connect = () =>
    new Promise<void>((resolve) => {
      events.once('ready', resolve);
      void run();
    });
  const close = () => {
    void client.destroy(); // Before its sockets end: it would open others.
    closing.abort();
  };
  return { connection: { client, events, tracking: undefined, connect, close }, lose };
}

/** `INFO stats` of each server that holds keys. */
export async function statsOfEach(client: RedisClient): Promise<string[]> {
  if (!('masters' in client)) return [await client.info('stats')];
  return Promise.all(client.masters.map(async (node) => (await client.nodeClient(node)).info('stats')));
}
