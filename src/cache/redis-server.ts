import { EventEmitter } from 'node:events';
import { createClient, type RedisClientType } from 'redis';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import type { RedisConnection, RedisEvents } from './redis-connection.ts';
import { commandOptions, newClosing, PING_MS, SILENCE_MS, socketOptions } from './redis-options.ts';
import type { RedisAddress } from './redis-url.ts';

/**
 * How long the socket to a single server may carry nothing, which matters only while it is being opened: later it is
 * asked. It is longer, because this timer goes off before what has come is read, when the process was busy with
 * itself. Milliseconds.
 */
const IDLE_MS = 5_000;

/** One server, which can report the changes of what was read. */
export function openServer(
  { url }: Extract<RedisAddress, { kind: 'single' }>,
  { track }: { track: boolean },
): RedisConnection {
  const closing = newClosing();
  const client: RedisClientType = createClient({
    url,
    disableOfflineQueue: true, // Commands fail at once while it is lost.
    commandOptions,
    emitInvalidate: track,
    socket: Object.assign(socketOptions(closing.signal), { socketTimeout: IDLE_MS }),
  });
  client.options.emitInvalidate = false; // Who tracks turns it on: to be refused that must not cost the connection.
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
