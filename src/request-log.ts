import { hostname } from 'node:os';
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { EarlyHit, EarlyHitListener } from './plugins/page-cache/index.ts';

/** Where log lines go, each with its newline. */
export interface LogOutput {
  write(line: string): unknown;
}

/** What every line of the log says of the process. */
export const LOG_BASE = { pid: process.pid, hostname: hostname() };

/** What a line calls the request that it is about, as `X-Request-Id` and a problem do. */
const REQUEST_ID_LABEL = 'request_id';

/** Secrets that a request carries, wherever a line has its fields. */
export const REDACTED = ['headers', 'req.headers', 'request.headers', 'err.headers'].flatMap((path) =>
  ['authorization', 'cookie'].map((name) => `${path}.${name}`),
);

/** One line a request: what was asked, what was answered, how long it took and what the cache did. */
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
 * The line of a hit that was answered before there was a request to Fastify. To have pino make it costs as much as to find
 * the page, so what hits that are alike have in common is made into text once.
 */
export function logEarlyHits(output: LogOutput | undefined, level: string): EarlyHitListener {
  if (!output || !LOGGED_AT.includes(level)) return () => {};
  const lines = new WeakMap<EarlyHit, Line>();
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

function lineOf({ method, url, status, cacheStatus }: EarlyHit): Line {
  const base = JSON.stringify(LOG_BASE).slice(1, -1);
  const fields = JSON.stringify({ method, url, status, cache: cacheStatus }).slice(1, -1);
  return {
    beforeTime: `{"level":${INFO},"time":`,
    beforeId: `,${base},"${REQUEST_ID_LABEL}":"`,
    beforeMs: `",${fields},"ms":`,
  };
}

export const tenths = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
