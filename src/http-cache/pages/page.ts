import type { Entry, Value } from '../../cache/index.ts';
import { fieldsOf } from '../../platform/index.ts';
import type { Freshness } from '../rules/freshness.ts';
import type { Headers } from '../rules/headers.ts';
import type { Selection } from '../rules/vary.ts';

/**
 * A whole response, as it is kept: an entry whose head holds the header fields, and under names that begin with `:`,
 * as no field's does, what decides how it may be used.
 */
export interface Page {
  readonly status: number;
  /** Without the fields that belong to one request or one connection. */
  readonly headers: Headers;
  readonly body: Buffer;
  /** What its own headers say of its freshness; absent where its route decides. */
  readonly freshness?: Omit<Freshness, 'ttl'> | undefined;
  /** The fields of the request that selected it, as `Vary` names them, with their values (RFC 9111 §4.1). */
  readonly selectedBy?: Selection | undefined;
  /** Its `ETag` was made here: its origin does not know it. */
  readonly ownEtag?: boolean | undefined;
  /** It may have encoded variants. */
  readonly hasEncodedVariants?: boolean | undefined;
}

/** Counted up when a release must not use the pages that an earlier one has kept. */
export const FORMAT = 1;

/** The field of a vary marker that names what selects the response. */
const VARY = ':vary';

export function toValue({ headers, body, ...meta }: Page): Value {
  return { head: { ':page': JSON.stringify(meta), ...definite(headers) }, body };
}

/** A vary marker: the entry under a URL's key which says that the pages of the URL differ by these request headers. */
export function toVaryMarker(names: readonly string[]): Value {
  return { head: { [VARY]: names.join(',') }, body: Buffer.alloc(0) };
}

/** The request headers that a vary marker names; undefined where the entry is a page. */
export function varyMarkerOf({ value }: Entry): readonly string[] | undefined {
  return value.head[VARY]?.split(',');
}

function definite(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

const pages = new WeakMap<Entry, Page>();

/** The entry as a page; what was read once is remembered as long as the entry is. */
export function pageOf(entry: Entry): Page {
  const known = pages.get(entry);
  if (known) return known;
  const page = readPage(entry);
  pages.set(entry, page);
  return page;
}

/** Makes an entry that another program wrote a page that no request selects, so that it is never sent. */
function readPage(entry: Entry): Page {
  const { ':page': meta = '', ...headers } = entry.value.head;
  const { body } = entry.value;
  try {
    const parsed: unknown = JSON.parse(meta);
    if (isMeta(parsed)) return { ...parsed, headers, body };
  } catch {}
  return { status: 200, headers, body, selectedBy: { ':': 'nothing' } };
}

/**
 * Whether it is what `toValue` wrote. By hand, and by one field, as every hit in Redis comes by here: nothing else writes
 * a field whose name begins with `:`.
 */
function isMeta(meta: unknown): meta is Omit<Page, 'headers' | 'body'> {
  return typeof fieldsOf(meta).status === 'number';
}

/** Whole seconds since its origin made it; never negative, whatever the clock does. */
export function ageOf(entry: Entry, now: number): number {
  const here = Math.max(0, now - entry.storedAt) / 1000;
  return Math.floor(here + (pageOf(entry).freshness?.age ?? 0));
}

/** Whole seconds for which it is fresh; below 0 when it has expired. */
export function ttlOf(entry: Entry, now: number): number {
  return Math.ceil(entry.ttl - Math.max(0, now - entry.storedAt) / 1000);
}
