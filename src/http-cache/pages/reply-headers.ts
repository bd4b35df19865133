import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Headers, pick, toHeaders } from '../rules/headers.ts';
import type { Answer } from './answer.ts';
import type { Page } from './page.ts';

/** Fields of one response or one connection, which are never kept (RFC 9111 §3.1). */
const NOT_OF_PAGE = new Set([
  'age',
  'cache-status',
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);

/** The fields of a reply that belong to the page: those that were added or changed since `before`. */
export function pageHeaders(all: Headers, before: Headers): Headers {
  const named = (all.connection ?? '').toLowerCase().split(/\s*,\s*/);
  return pick(
    all,
    (name, value) => before[name] !== value && !NOT_OF_PAGE.has(name) && !named.includes(name),
  );
}

/** The fields of a sent reply that hooks of the application added to those of the page. */
export function headersAround(reply: FastifyReply, page: Headers): Headers {
  return pick(toHeaders(reply.getHeaders()), (name) => !(name in page) && !NOT_OF_PAGE.has(name));
}

/** A page, and what one client gets of it. */
export interface FoundPage {
  readonly answer: Answer;
  readonly whole: Page;
}

/**
 * Makes the reply the answer, with none of the page's fields that it lacks, and says what to send. To HEAD the page is
 * handed on: Fastify's hook for HEAD drops it, and says its length.
 */
export function sendAnswer({ answer, whole }: FoundPage, { method }: FastifyRequest, reply: FastifyReply) {
  const { status, headers, body } = answer;
  for (const name of ['content-type', 'content-length', ...Object.keys(whole.headers)]) {
    if (!(name in headers)) reply.removeHeader(name);
  }
  const given = reply.getHeader('vary');
  reply
    .code(status)
    .headers(withVary(headers, given === undefined ? undefined : String(given), whole.hasEncodedVariants));
  if (body) reply.header('content-length', body.byteLength);
  return method === 'HEAD' ? whole.body : (body ?? null);
}

/** The fields with all that the answer may vary by (RFC 9110 §12.5.5). */
export function withVary(
  headers: Headers,
  given: string | undefined,
  hasEncodedVariants: boolean | undefined,
): Headers {
  const lists = [given, headers.vary, hasEncodedVariants ? 'Accept-Encoding' : undefined];
  const names = lists.flatMap((list) => list?.split(/\s*,\s*/) ?? []);
  if (names.length === 0) return headers;
  const vary = [...new Map(names.map((name) => [name.toLowerCase(), name])).values()].join(', ');
  return { ...headers, vary };
}
