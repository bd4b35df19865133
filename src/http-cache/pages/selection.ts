import { type Entry, isFresh } from '../../cache/index.ts';
import { type Directives, secondsOf } from '../rules/cache-control.ts';
import { type CacheRequest, wantsOrigin } from '../rules/cache-request.ts';
import { isSelectedBy } from '../rules/vary.ts';
import { ageOf, pageOf, ttlOf, varyMarkerOf } from './page.ts';

/** Whether an entry that no invalidation has reached answers the request (RFC 9111 §4). */
export function isAnswer(entry: Entry, cacheRequest: CacheRequest, now: number): boolean {
  if (varyMarkerOf(entry)) return true;
  const { freshness, selectedBy } = pageOf(entry);
  if (!isSelectedBy(selectedBy, cacheRequest.headers)) return false;
  const fresh = isFresh(entry, now);
  if (!freshness) return fresh;
  const { directives } = cacheRequest;
  if (wantsOrigin(cacheRequest) || ageOf(entry, now) > (secondsOf(directives, 'max-age') ?? Infinity))
    return false;
  if (fresh) return ttlOf(entry, now) >= (secondsOf(directives, 'min-fresh') ?? 0);
  // A request that says how fresh the page must be takes a stale one only with max-stale (RFC 9111 §5.2.1.1, §5.2.1.3).
  const isChoosy = directives.has('max-age') || directives.has('min-fresh');
  const window = Math.max(isChoosy ? 0 : freshness.whileRevalidate, maxStale(directives));
  return !freshness.mustRevalidate && isPast(entry, now, window);
}

/** Seconds past its ttl for which the client takes a page; without a number, for ever (RFC 9111 §5.2.1.2). */
function maxStale(directives: Directives): number {
  return directives.get('max-stale') === '' ? Infinity : (secondsOf(directives, 'max-stale') ?? 0);
}

/**
 * Whether the page may be served stale because its origin failed: for as long as its own headers or the request say (RFC 5861 §4),
 * or for `anyway` seconds (RFC 9111 §4.2.4).
 */
export function survivesError(
  entry: Entry,
  { directives, headers }: CacheRequest,
  now: number,
  anyway: number,
): boolean {
  const { freshness, selectedBy } = pageOf(entry);
  if (varyMarkerOf(entry) || !freshness || freshness.mustRevalidate) return false;
  const window = Math.max(anyway, freshness.ifError, secondsOf(directives, 'stale-if-error') ?? 0);
  return isPast(entry, now, window) && isSelectedBy(selectedBy, headers);
}

/** Whether it has expired, and not more than so many seconds ago; to the millisecond, since 0 means not at all. */
function isPast({ storedAt, ttl }: Entry, now: number, seconds: number): boolean {
  const past = Math.max(0, now - storedAt) / 1000 - ttl;
  return past >= 0 && seconds > 0 && past <= seconds;
}
