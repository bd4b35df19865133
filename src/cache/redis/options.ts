import { setMaxListeners } from 'node:events';

/*
 * What node-redis (version 6) does by itself and a cache cannot rely on, with the place that works around it:
 *
 * - It makes a timer for each command until it is sent (https://github.com/redis/node-redis/pull/3008): `clientOptions`.
 * - It goes on connecting after it was destroyed in the middle of that (https://github.com/redis/node-redis/issues/2443):
 *   `socketOptions`, whose signal ends a socket in every state.
 * - A Sentinel client that has lost every Sentinel looks for one for ever, without an event
 *   (https://github.com/redis/node-redis/issues/3385): group.ts begins it anew.
 * - A node of a Cluster that cannot be reached is waited for without end (https://github.com/redis/node-redis/pull/3403):
 *   cluster.ts connects to nodes when they are first asked, group.ts begins the client anew.
 * - `emitInvalidate` (https://github.com/redis/node-redis/pull/3076) turns tracking on while it connects, so that a server
 *   which refuses that could not be used at all: server.ts switches it off again, tracking.ts asks for it later.
 * - It asks for maintenance notifications before it reports why a server turns it away: `nodeOptions`.
 */

/** What one attempt to connect may take. Milliseconds. */
const CONNECT_MS = 1_000;

/** The pause before the second attempt to connect, doubled before each further one. Milliseconds. */
const FIRST_PAUSE_MS = 25;

/** The longest pause between two attempts to connect. Milliseconds. */
export const MAX_PAUSE_MS = 500;

/** Between two probes of a connection. Milliseconds. */
export const PING_MS = 250;

/** How long an answer may take before the connection counts as lost. Milliseconds. */
export const SILENCE_MS = 2_000;

/**
 * What every socket has in common. A new object each time: node-redis writes a URL's host and port into it.
 *
 * @param closing ends a socket in whatever state it is, and lets no other begin: node-redis forgets one that it is
 *   still connecting, and goes on to ask the next of several servers
 */
export function socketOptions(closing: AbortSignal) {
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

/** What every client of node-redis has in common. */
export const clientOptions = {
  /** Else each command gets a timer for until it is sent, which is half of what it costs: callers have a deadline. */
  commandOptions: { timeout: 0 },
};

/**
 * What every connection to a server that holds keys has in common. Without the notifications of maintenance (of Redis
 * Enterprise) node-redis asks at once when it has connected, so that it can tell what a server says that turns it away
 * (protected mode, too many clients).
 */
export const nodeOptions = { disableOfflineQueue: true, maintNotifications: 'disabled' } as const;

/** What ends everything that a connection began; as many sockets as it likes listen to it. */
export function newClosing(): AbortController {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  return closing;
}
