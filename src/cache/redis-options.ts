import { setMaxListeners } from 'node:events';

/** What one attempt to connect may take. Milliseconds. */
const CONNECT_MS = 1_000;

/** The pause before the second attempt to connect, doubled before each further one. Milliseconds. */
const FIRST_PAUSE_MS = 25;

/** The longest pause between two attempts to connect. Milliseconds. */
export const MAX_PAUSE_MS = 500;

/** Between two questions whether a connection is alive. Milliseconds. */
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

/** Else each command gets a timer for until it is sent, which is half of what it costs: callers have a deadline. */
export const commandOptions = { timeout: 0 };

/** What ends everything that a connection began; as many sockets as it likes listen to it. */
export function newClosing(): AbortController {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  return closing;
}
