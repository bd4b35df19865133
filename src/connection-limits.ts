import type { Server } from 'node:http';
import type { FastifyHttpOptions } from 'fastify';

/** What one connection may take. Milliseconds. */
export interface ConnectionLimits {
  /** For the head of a request, from its first byte, or from the beginning of the connection. */
  readonly headMs: number;
  /** For the whole request, with its body. */
  readonly requestMs: number;
  /** For nothing to come or go while a request is under way: whoever takes nothing of his answer is cut off. */
  readonly stalledMs: number;
  /** Between two requests. Longer than proxies keep connections for (60 seconds), so that they end them first. */
  readonly idleMs: number;
  /** Between two looks at who has been too slow with his request. */
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

/** Connections at once; further ones are closed. */
const MAX_CONNECTIONS = 10_000;

/** The limits as Fastify and Node name them. Connections carry any number of requests: what answers hits counts none. */
export function serverOptions({ headMs, requestMs, stalledMs, idleMs, checkMs }: ConnectionLimits) {
  return {
    requestTimeout: requestMs,
    connectionTimeout: stalledMs,
    keepAliveTimeout: idleMs,
    http: { headersTimeout: headMs, connectionsCheckingInterval: checkMs, maxHeaderSize: MAX_HEAD_BYTES },
  } satisfies FastifyHttpOptions<Server>;
}

/**
 * Ends connections on which nothing has come or gone for their time, but those that wait for us: for an answer, or for
 * the next event of a stream. Node counts it as progress when a part of what is on its way was taken. One that
 * pipelines is read from only while it takes its answers.
 */
export function endStalled(server: Server): void {
  server.maxConnections = MAX_CONNECTIONS;
  server.on('timeout', (socket) => {
    const isUnderWay = socket.timeout === server.timeout; // Between two requests it is another.
    if (isUnderWay && socket.writableLength === 0) socket.setTimeout(server.timeout);
    else socket.destroy();
  });
}
