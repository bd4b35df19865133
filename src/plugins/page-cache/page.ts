import type { Entry, Value } from '../../cache/store.ts';
import type { Freshness } from './freshness.ts';
import type { Headers } from './headers.ts';
import type { Selection } from './vary.ts';

/**
 * A whole response, as it is kept: an entry whose head holds the header fields, and under names that begin with `:`,
 * as no field's does, what decides how it may be used.
 */
export interface Page {
  readonly status: number;
  /** What belongs to the response, without what belongs to one request or one connection. */
  readonly headers: Headers;
  readonly body: Buffer;
  /** What its own headers say of it; absent where its route decides. */
  readonly freshness?: Omit<Freshness, 'ttl'> | undefined;
  /** The fields of the request that selected it, as `Vary` names them, with their values (RFC 9111 §4.1). */
  readonly selectedBy?: Selection | undefined;
  /** Its `ETag` was made here: its origin does not know it. */
  readonly ownEtag?: boolean | undefined;
  /** There may be forms of it in other codings. */
  readonly hasForms?: boolean | undefined;
}

/** Which fields select the response, kept where the response would be if none did. */
const VARY = ':vary';

export function toValue({ headers, body, ...meta }: Page): Value {
  return { head: { ':page': JSON.stringify(meta), ...definite(headers) }, body };
}

/** Where to look for the response instead: its fields are those of `names`. */
export function toSignpost(names: readonly string[]): Value {
  return { head: { [VARY]: names.join(',') }, body: Buffer.alloc(0) };
}

/** The names of the fields that select the response, if the entry is no response itself. */
export function signpostOf({ value }: Entry): readonly string[] | undefined {
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

/** Of somebody else's entry under our key a page that is selected by what no request says, so that nobody is sent it. */
function readPage(entry: Entry): Page {
  const { ':page': meta = '', ...headers } = entry.value.head;
  const { body } = entry.value;
  try {
    return { status: 200, ...JSON.parse(meta), headers, body };
  } catch {
    return { status: 200, headers, body, selectedBy: { ':': 'nothing' } };
  }
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
