import { EventEmitter } from 'node:events';
import { createClient, type RedisClientType } from 'redis';
import { DeadlineExceeded, withDeadline } from '../../platform/index.ts';
import type { RedisConnection, RedisEvents } from './client.ts';
import type { Keyspace } from './keyspace.ts';
import { clientOptions, newClosing, nodeOptions, PING_MS, SILENCE_MS, socketOptions } from './options.ts';
import { isReply } from './replies.ts';
import type { RedisAddress } from './url.ts';

/**
 * How long the socket to a single server may be idle. It matters only while the socket is being opened, since probes follow
 * later; and it is longer than `SILENCE_MS`, because this timer goes off before received data is read when the process was
 * busy. Milliseconds.
 */
const IDLE_MS = 5_000;

/** One server, which can report the changes of what was read. */
export function openServer(
  { url }: Extract<RedisAddress, { kind: 'single' }>,
  {
    keyspace,
    track,
    silenceMs = SILENCE_MS,
  }: { keyspace: Keyspace; track: boolean; silenceMs?: number | undefined },
): RedisConnection {
  const closing = newClosing();
  const client: RedisClientType = createClient({
    url,
    ...nodeOptions, // Commands fail at once while it is lost.
    ...clientOptions,
    emitInvalidate: track,
    socket: Object.assign(socketOptions(closing.signal), { socketTimeout: IDLE_MS }),
  });
  client.options.emitInvalidate = false; // tracking.ts turns it on: a refusal must not cost the connection.
  const events: RedisEvents = new EventEmitter();
  const renew = () => {
    client.destroy();
    client.connect().catch(() => {}); // Tried again until it is closed, each failure an event.
  };
  const ask = () => client.del(keyspace.probe);
  const { lose, stop } = startProbing(client, { ask, events, renew, silenceMs });
  client.on('error', (error) => {
    lose(error);
    if (client.isReady) renew(); // What could not be parsed may have been an answer: no later one can be matched to its command.
  });
  return {
    client,
    keyspace,
    events,
    tracking: track ? client : undefined,
    connect: () =>
      new Promise((resolve) => {
        events.once('ready', resolve);
        client.connect().catch(() => {}); // As `renew`.
      }),
    close() {
      stop();
      client.destroy();
      closing.abort();
    },
  };
}

/**
 * Probes the connection, and connects again when no answer comes. A socket's own timeout is not enough: it counts what is sent
 * as well, so that a server with much traffic never seems silent. The probe is a write that changes nothing: a server that
 * refuses it (a replica, one that cannot save, one that is loading) cannot be invalidated.
 *
 * @returns functions to call when the connection is lost, and when it is closed
 */
function startProbing(
  client: RedisClientType,
  {
    ask,
    events,
    renew,
    silenceMs,
  }: { ask: () => Promise<unknown>; events: RedisEvents; renew: () => void; silenceMs: number },
) {
  let up: boolean | undefined;
  let losses = 0;
  const lose = (error: Error) => {
    up = false;
    losses += 1;
    events.emit('lost', error);
  };
  const answered = async (sentAt: number): Promise<void> => {
    if (up) return void events.emit('alive', sentAt);
    up = true;
    events.emit('ready');
    return probe(); // At once: what `ready` begins counts from the next answer on.
  };
  const probe = async (): Promise<void> => {
    const [sentAt, before] = [performance.now(), losses];
    const error: unknown = await withDeadline(ask(), silenceMs).then(
      () => undefined,
      (error) => error,
    );
    if (losses !== before) return; // The answer is that of a connection which was lost meanwhile.
    if (error === undefined || isReply(error, 'NOPERM')) return answered(sentAt); // The log names what is not allowed.
    const isLate = error instanceof DeadlineExceeded;
    if (isLate || (isReply(error) && up !== false)) lose(error); // Any other error is the loss of the connection, which is reported by itself.
    if (isLate) renew();
  };
  let probing = false;
  const probeOnce = () => {
    if (probing || !client.isReady) return;
    probing = true;
    void probe().finally(() => {
      probing = false;
    });
  };
  client.on('ready', probeOnce);
  const timer = setInterval(probeOnce, PING_MS).unref();
  return { lose, stop: () => clearInterval(timer) };
}
