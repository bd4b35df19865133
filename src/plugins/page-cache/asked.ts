import type { FastifyRequest } from 'fastify';
import type { Entry } from '../../cache/store.ts';
import { isFresh } from '../../cache/token.ts';
import { type Directives, parseCacheControl, secondsOf } from './cache-control.ts';
import { type Headers, toHeaders } from './headers.ts';
import { ageOf, pageOf, signpostOf, ttlOf } from './page.ts';
import { isSelectedBy } from './vary.ts';

/** What a request asks of the cache. Its header fields are read once: those that go forward may be others. */
export interface Asked {
  readonly headers: Headers;
  /** `Cache-Control`, or what `Pragma` says in its absence (RFC 9111 §5.4). */
  readonly directives: Directives;
}

export function askedBy({ method, headers: given }: Pick<FastifyRequest, 'method' | 'headers'>): Asked {
  const { range, ...others } = toHeaders(given);
  const headers = range === undefined || method !== 'GET' ? others : { ...others, range }; // RFC 9110 §14.2
  const pragma = parseCacheControl(headers.pragma).has('no-cache') ? 'no-cache' : undefined;
  const directives = parseCacheControl(headers['cache-control'] ?? pragma);
  return { headers, directives };
}

/** Whether the client wants its origin's word, whatever is stored (RFC 9111 §5.2.1.1, §5.2.1.4). */
export function wantsOrigin({ directives }: Asked): boolean {
  return directives.has('no-cache') || secondsOf(directives, 'max-age') === 0;
}

/** Whether an entry that no invalidation has reached answers the request (RFC 9111 §4). */
export function isAnswer(entry: Entry, asked: Asked, now: number): boolean {
  if (signpostOf(entry)) return true;
  const { freshness, selectedBy } = pageOf(entry);
  if (!isSelectedBy(selectedBy, asked.headers)) return false;
  const fresh = isFresh(entry, now);
  if (!freshness) return fresh;
  const { directives } = asked;
  if (wantsOrigin(asked) || ageOf(entry, now) > (secondsOf(directives, 'max-age') ?? Infinity)) return false;
  if (fresh) return ttlOf(entry, now) >= (secondsOf(directives, 'min-fresh') ?? 0);
  // Who says how fresh it must be takes nothing stale unless it says so (RFC 9111 §5.2.1.1, §5.2.1.3).
  const isChoosy = directives.has('max-age') || directives.has('min-fresh');
  const window = Math.max(isChoosy ? 0 : freshness.whileRevalidate, maxStale(directives));
  return !freshness.mustRevalidate && isPast(entry, now, window);
}

/** Seconds past its ttl for which the client takes a page; without a number, for ever (RFC 9111 §5.2.1.2). */
function maxStale(directives: Directives): number {
  return directives.get('max-stale') === '' ? Infinity : (secondsOf(directives, 'max-stale') ?? 0);
}

/**
 * Whether the page may be served stale because its origin failed: for as long as it or the request says (RFC 5861 §4),
 * or for `anyway` seconds (RFC 9111 §4.2.4).
 */
export function survivesError(
  entry: Entry,
  { directives, headers }: Asked,
  now: number,
  anyway: number,
): boolean {
  const { freshness, selectedBy } = pageOf(entry);
  if (signpostOf(entry) || !freshness || freshness.mustRevalidate) return false;
  const window = Math.max(anyway, freshness.ifError, secondsOf(directives, 'stale-if-error') ?? 0);
  return isPast(entry, now, window) && isSelectedBy(selectedBy, headers);
}

/** Whether it has expired, and not more than so many seconds ago; to the millisecond, since 0 means not at all. */
function isPast({ storedAt, ttl }: Entry, now: number, seconds: number): boolean {
  const past = Math.max(0, now - storedAt) / 1000 - ttl;
  return past >= 0 && seconds > 0 && past <= seconds;
}
