import { hostname } from 'node:os';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { FastPathHit, FastPathListener } from '../http-cache/index.ts';
import { tenths } from '../platform/index.ts';

/** Where log lines go, each with its newline. */
export interface LogOutput {
  write(line: string): unknown;
}

/** The fields of the process in every line of the log. */
export const LOG_BASE = { pid: process.pid, hostname: hostname() };

/** The field of the request's id in a line, the same as in `X-Request-Id` and in a problem. */
const REQUEST_ID_LABEL = 'request_id';

/** Fields of a request that hold secrets, wherever a line has them. */
const REDACTED = ['headers', 'req.headers', 'request.headers', 'err.headers'].flatMap((path) =>
  ['authorization', 'cookie'].map((name) => `${path}.${name}`),
);

/** The options of the log, for Fastify and for pino. */
export const logOptions = (level: string) => ({ level, base: LOG_BASE, redact: REDACTED });

/** One line a request: method, URL, status, duration and `Cache-Status`. */
export class RequestLog extends LogController {
  constructor() {
    super({ requestIdLogLabel: REQUEST_ID_LABEL });
  }

  override incomingRequest(): void {}

  override requestCompleted(error: Error | null, request: FastifyRequest, reply: FastifyReply): void {
    const cache = reply.getHeader('cache-status');
    const line = {
      method: request.method,
      url: request.url,
      status: reply.statusCode,
      ms: tenths(reply.elapsedTime),
      ...(cache !== undefined && { cache }),
    };
    if (error) request.log.error({ ...line, err: error }, 'request failed');
    else request.log.info(line, 'request');
  }
}

/** pino's number for the level of these lines, and the settings with which they are written. */
const INFO = 30;
const LOGGED_AT = ['info', 'debug', 'trace'];

/**
 * Logs a hit on the fast path, of which Fastify never sees the request. To have pino make the line costs as much as to find
 * the page, so the text that equal hits have in common is made once.
 */
export function logFastPathHits(output: LogOutput | undefined, level: string): FastPathListener {
  if (!output || !LOGGED_AT.includes(level)) return () => {};
  const lines = new WeakMap<FastPathHit, Line>();
  return (hit, elapsed, requestId) => {
    let line = lines.get(hit);
    if (!line) {
      line = lineOf(hit);
      lines.set(hit, line);
    }
    output.write(
      `${line.beforeTime}${Date.now()}${line.beforeId}${requestId}${line.beforeMs}${tenths(elapsed)}${AFTER_MS}`,
    );
  };
}

interface Line {
  readonly beforeTime: string;
  readonly beforeId: string;
  readonly beforeMs: string;
}

const AFTER_MS = `,"msg":"request"}\n`;

function lineOf({ method, url, status, cacheStatus }: FastPathHit): Line {
  const base = JSON.stringify(LOG_BASE).slice(1, -1);
  const fields = JSON.stringify({ method, url, status, cache: cacheStatus }).slice(1, -1);
  return {
    beforeTime: `{"level":${INFO},"time":`,
    beforeId: `,${base},"${REQUEST_ID_LABEL}":"`,
    beforeMs: `",${fields},"ms":`,
  };
}
