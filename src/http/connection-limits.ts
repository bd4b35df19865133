import type { Server, ServerOptions } from 'node:http';

/** How long a connection may take for each step. Milliseconds. */
export interface ConnectionLimits {
  /** For the head of a request, from its first byte, or from the beginning of the connection. */
  readonly headMs: number;
  /** For the whole request, with its body. */
  readonly requestMs: number;
  /** Without a byte in either direction during a request: a client that does not read its answer is cut off. */
  readonly stalledMs: number;
  /** Between two requests. Longer than proxies keep connections for (60 seconds), so that they end them first. */
  readonly idleMs: number;
  /** Between two checks for requests that are too slow. */
  readonly checkMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  headMs: 10_000,
  requestMs: 60_000,
  stalledMs: 30_000,
  idleMs: 65_000,
  checkMs: 1_000,
};

/** Of the head of a request. Bytes. */
const MAX_HEAD_BYTES = 16 * 1024;

/** Connections at once to each address; further ones are closed. */
const MAX_CONNECTIONS = 10_000;

/** The limits as Node names them. The number of requests of a connection is not limited: the fast path does not count them. */
export function serverOptions({ headMs, requestMs, idleMs, checkMs }: ConnectionLimits): ServerOptions {
  return {
    headersTimeout: headMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: checkMs,
    maxHeaderSize: MAX_HEAD_BYTES,
    requireHostHeader: false, // request-head.ts answers a missing one, like a wrong one.
  };
}

/**
 * Ends connections that have been idle for too long during a request, except those on which the client waits for the server:
 * for an answer, or for the next event of a stream. Node counts every part that the client receives as activity. A connection
 * with pipelined requests is read from only while its answers are received.
 */
export function endStalled(server: Server, { stalledMs }: Pick<ConnectionLimits, 'stalledMs'>): void {
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(stalledMs);
  server.on('timeout', (socket) => {
    const isUnderWay = socket.timeout === server.timeout; // Between two requests the timeout is another.
    if (isUnderWay && socket.writableLength === 0) socket.setTimeout(server.timeout);
    else socket.destroy();
  });
}
