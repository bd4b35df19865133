import { EventEmitter } from 'node:events';
import timers from 'node:timers/promises';
import type { RedisClusterType, RedisSentinelType } from 'redis';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import type { RedisConnection, RedisEvents } from './redis-connection.ts';
import { PING_MS, SILENCE_MS } from './redis-options.ts';

/** How long a group of servers may fail before node-redis is begun anew. Milliseconds. */
const RENEW_MS = 5_000;

/** node-redis would never look again, not even when they have one. */
export class SlotsWithoutNode extends Error {
  constructor() {
    super('the cluster has slots without a node');
  }
}

/**
 * Opens and asks for signs of life of every server, until it is closed. node-redis is begun anew when there are none
 * for two seconds, or only errors for five: servers that are silent without an error, nodes that were listed but are
 * gone, and whatever else it does not recover from by itself.
 *
 * @param ask rejects unless every server answers
 * @returns the connection, and what to call when a server is lost
 */
export function supervise(
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
