import type { Entry, Fill } from '../../cache/index.ts';
import { type Page, pageOf, toValue, toVaryMarker } from '../pages/page.ts';
import { parseCacheControl, rulesFor } from '../rules/cache-control.ts';
import { freshnessOf, isShareable, isStorable } from '../rules/freshness.ts';
import { type Headers, pick } from '../rules/headers.ts';
import { selectingFields, selectionOf, variantKey } from '../rules/vary.ts';
import type { Search } from './finder.ts';

/** A handler's response: what of it belongs to the page, and when its request was forwarded. */
export interface Response {
  readonly status: number;
  readonly headers: Headers;
  /** All fields of the reply, those of hooks too: what they forbid is forbidden, and `Age` counts on. */
  readonly all: Headers;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
}

/** How a page may be kept. Seconds. */
export interface StoragePolicy {
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
export function storagePolicyOf(
  { route, cacheRequest }: Search,
  { status, all, sentAt }: Response,
  now: number,
): StoragePolicy | undefined {
  const routeRules = { directives: parseCacheControl(all['cache-control']), expires: undefined };
  const rules = route.ttl === undefined ? rulesFor(all) : routeRules;
  if (!isStorable(status, all, rules.directives)) return undefined;
  const notKept =
    cacheRequest.directives.has('no-store') || !isShareable(cacheRequest.headers, rules.directives);
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

/** A page as it is kept. */
export interface Kept {
  readonly entry: Entry;
  /** What to write, by key: the page under that of its URL, or under its variant's with a vary marker under the URL's. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly isVariant: boolean;
}

/** The entries with which the next lookup will find the page; undefined where none is to be made. */
export function entriesFor(
  { id, cacheRequest }: Search,
  fill: Fill | undefined,
  page: Page,
  { ttl, freshness, names, notKept }: StoragePolicy,
): Kept | undefined {
  if (!fill || notKept) return undefined;
  const selectedBy = names && selectionOf(names, cacheRequest.headers);
  if (selectedBy && JSON.stringify(selectedBy).length > MAX_SELECTION) return undefined;
  const entry = fill.entry(toValue({ ...page, selectedBy, freshness }), ttl);
  if (!names || !selectedBy) return { entry, entries: new Map([[id.key, entry]]), isVariant: false };
  const varyMarker = { ...entry, value: toVaryMarker(names) };
  const entries = new Map([
    [variantKey(id.key, selectedBy), entry],
    [id.key, varyMarker],
  ]);
  return { entry, entries, isVariant: true };
}

/** The stored page, updated by the 304 that confirmed it (RFC 9111 §3.2, §4.3.4). */
export function confirmed(stored: Entry, { headers }: Response): Page {
  const page = pageOf(stored);
  return { ...page, headers: { ...page.headers, ...pick(headers, (name) => !OF_BODY.has(name)) } };
}

/** They are those of the bytes that are stored, whatever the 304 says. */
const OF_BODY = new Set(['content-encoding', 'content-length', 'content-range', 'etag']);
