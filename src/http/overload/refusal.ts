import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import { Overloaded } from '../../errors.ts';
import type { Problem } from '../problem-schema.ts';
import { newRequestId, REQUEST_ID } from '../request-id.ts';

/** Seconds after which a client that was refused may ask again. */
const RETRY_AFTER_SECONDS = 1;

const STATUS = 503;

const { message, code } = new Overloaded();
const problem: Omit<Problem, 'request_id'> = {
  type: 'about:blank',
  title: String(STATUS_CODES[STATUS]),
  status: STATUS,
  detail: message,
  code,
};
const beforeId = `${JSON.stringify(problem).slice(0, -1)},"request_id":"`;

/** The header fields of a refusal: no hook runs for it. */
const headers: OutgoingHttpHeaders = {
  'content-type': 'application/problem+json',
  'cache-control': 'no-store',
  'retry-after': String(RETRY_AFTER_SECONDS),
  'x-content-type-options': 'nosniff',
};

/** Answers a request that was not begun. The body is made once, except for the request's id. */
export function refuse(response: ServerResponse): void {
  const id = newRequestId();
  const body = `${beforeId}${id}"}`;
  response
    .writeHead(STATUS, { ...headers, 'content-length': Buffer.byteLength(body), [REQUEST_ID]: id })
    .end(body);
}
