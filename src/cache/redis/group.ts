import { EventEmitter } from 'node:events';
import timers from 'node:timers/promises';
import type { RedisClusterType, RedisSentinelType } from 'redis';
import { DeadlineExceeded, withDeadline } from '../../platform/index.ts';
import type { RedisConnection, RedisEvents } from './client.ts';
import type { Keyspace } from './keyspace.ts';
import { PING_MS, SILENCE_MS } from './options.ts';

/** How long a group of servers may fail before the client is connected anew. Milliseconds. */
const RENEW_MS = 5_000;

/** node-redis would never read the topology again, not even when every slot has a node. */
export class SlotsWithoutNode extends Error {
  constructor() {
    super('the cluster has slots without a node');
  }
}

/**
 * Connects, and probes every server until it is closed. The client is connected anew when no answer comes for two seconds, or
 * only errors for five: servers that are silent without an error, nodes that are listed but gone, and anything else that
 * node-redis does not recover from by itself.
 *
 * @param ask rejects unless every server answers
 * @returns the connection, and what to call when a server is lost
 */
export function supervise(
  client: RedisClusterType | RedisSentinelType,
  { keyspace, closing, ask }: { keyspace: Keyspace; closing: AbortController; ask: () => Promise<unknown> },
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
    lose(error); // Its next answers may be those of other servers.
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
    void client.destroy(); // Before its sockets are closed: it would open others.
    closing.abort();
  };
  return { connection: { client, keyspace, events, tracking: undefined, connect, close }, lose };
}
