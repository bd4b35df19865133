import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import { Overloaded } from '../../errors.ts';
import type { Problem } from '../../problem-schema.ts';

/** Seconds after which a client that was refused may ask again. */
const RETRY_AFTER_SECONDS = 1;

const STATUS = 503;

const { message, code } = new Overloaded();
const problem: Problem = {
  type: 'about:blank',
  title: String(STATUS_CODES[STATUS]),
  status: STATUS,
  detail: message,
  code,
};
const body = Buffer.from(JSON.stringify(problem));

/** No hook runs for it, so the fields that matter for an error are named here. */
const headers: OutgoingHttpHeaders = {
  'content-type': 'application/problem+json',
  'content-length': body.byteLength,
  'cache-control': 'no-store',
  'retry-after': String(RETRY_AFTER_SECONDS),
  'x-content-type-options': 'nosniff',
};

/** The answer to a request that was not begun, made once. */
export function refuse(response: ServerResponse): void {
  response.writeHead(STATUS, headers).end(body);
}
