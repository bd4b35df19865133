import type { FastifyRequest } from 'fastify';
import { type Directives, parseCacheControl, secondsOf } from './cache-control.ts';
import { type Headers, toHeaders } from './headers.ts';

/** A request as the cache sees it. Its header fields are read once, because those that go forward may be changed. */
export interface CacheRequest {
  readonly headers: Headers;
  /** `Cache-Control`, or what `Pragma` says in its absence (RFC 9111 §5.4). */
  readonly directives: Directives;
}

export function cacheRequestOf({
  method,
  headers: given,
}: Pick<FastifyRequest, 'method' | 'headers'>): CacheRequest {
  const { range, ...others } = toHeaders(given);
  const headers = range === undefined || method !== 'GET' ? others : { ...others, range }; // RFC 9110 §14.2
  const pragma = parseCacheControl(headers.pragma).has('no-cache') ? 'no-cache' : undefined;
  const directives = parseCacheControl(headers['cache-control'] ?? pragma);
  return { headers, directives };
}

/** Whether the request has to go to the origin, whatever is stored (RFC 9111 §5.2.1.1, §5.2.1.4). */
export function wantsOrigin({ directives }: CacheRequest): boolean {
  return directives.has('no-cache') || secondsOf(directives, 'max-age') === 0;
}
