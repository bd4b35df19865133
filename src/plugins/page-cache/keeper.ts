import type { Cache } from '../../cache/cache.ts';
import type { Entry } from '../../cache/store.ts';
import { parseCacheControl, rulesFor } from './cache-control.ts';
import type { Missed, Search } from './finder.ts';
import { freshnessOf, isShareable, isStorable } from './freshness.ts';
import { type Headers, pick } from './headers.ts';
import { type Page, pageOf, toSignpost, toValue } from './page.ts';
import { selectingFields, selectionOf, variantKey } from './vary.ts';

/** A response on its way out: what of it belongs to the page, and when it was asked for. */
export interface Response {
  readonly status: number;
  readonly headers: Headers;
  /** All fields of the reply, those of hooks too: what they forbid is forbidden, and `Age` counts on. */
  readonly all: Headers;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
}

/** A page that may be kept, and for how long. Seconds. */
export interface Verdict {
  readonly ttl: number;
  /** How long it is of use after that; undefined: as long as everything is. */
  readonly past: number | undefined;
  readonly freshness: Page['freshness'];
  /** The fields of the request that select it. */
  readonly names: readonly string[] | undefined;
  /** It is a page, but this request makes no entry. */
  readonly notKept: boolean;
}

/** For how long a page is kept after it expired, to be confirmed by its origin instead of being sent again. Seconds. */
const CONFIRMABLE = 24 * 60 * 60;

/** What clients may send to select a variant that is kept. Characters. */
const MAX_SELECTION = 1_024;

/** What its route or its own headers say of a response; undefined: it is no page. */
export function judge(
  { route, asked }: Search,
  { status, all, sentAt }: Response,
  now: number,
): Verdict | undefined {
  const routeRules = { directives: parseCacheControl(all['cache-control']), expires: undefined };
  const rules = route.ttl === undefined ? rulesFor(all) : routeRules;
  if (!isStorable(status, all, rules.directives)) return undefined;
  const notKept = asked.directives.has('no-store') || !isShareable(asked.headers, rules.directives);
  const names = selectingFields(all);
  if (route.ttl !== undefined) {
    const kept = { ttl: route.ttl, past: undefined, freshness: undefined, names, notKept };
    return status === 200 ? kept : undefined;
  }
  const judged = freshnessOf({ rules, status, headers: all, sentAt, receivedAt: now });
  if (!judged) return undefined;
  const { ttl, ...freshness } = judged;
  const confirmable = all.etag === undefined && all['last-modified'] === undefined ? 0 : CONFIRMABLE;
  const past = Math.max(freshness.whileRevalidate, freshness.ifError, confirmable) - Math.min(0, ttl);
  return { ttl, past, freshness, names, notKept };
}

/**
 * Keeps a page where the next one who asks will look: under its URL's key, or, if fields of the request selected it,
 * under that of its variant, with a signpost under the URL's. Those who wait get it from here, which is all that is done
 * with a page whose own client has gone. Says whether it is kept, as far as is known.
 */
export function keep(
  pages: Cache,
  { id, asked }: Search,
  missed: Missed,
  page: Page,
  { ttl, past, freshness, names, notKept }: Verdict,
  isGone: boolean,
): Entry | undefined {
  const { fill, key: led } = missed;
  if (!fill || notKept) return undefined;
  const selectedBy = names && selectionOf(names, asked.headers);
  const entry = fill.entry(toValue({ ...page, selectedBy, freshness }), ttl);
  if (selectedBy && JSON.stringify(selectedBy).length > MAX_SELECTION) return undefined;
  if (isGone) {
    fill.settle(selectedBy ? undefined : entry);
    return undefined;
  }
  const key = selectedBy ? variantKey(id.key, selectedBy) : id.key;
  const kept = pages.keep(key, entry, past);
  const signpost = names && { ...entry, value: toSignpost(names) };
  if (signpost) pages.keep(id.key, signpost, past);
  fill.settle(
    new Map([
      [id.key, signpost],
      [key, entry],
    ]).get(led),
  );
  return kept ? entry : undefined;
}

/** The stored page, as a 304 to our own question has confirmed it (RFC 9111 §3.2, §4.3.4). */
export function confirmed(stored: Entry, { headers }: Response): Page {
  const page = pageOf(stored);
  return { ...page, headers: { ...page.headers, ...pick(headers, (name) => !OF_BODY.has(name)) } };
}

/** They are those of the bytes that are stored, whatever the 304 says. */
const OF_BODY = new Set(['content-encoding', 'content-length', 'content-range', 'etag']);
