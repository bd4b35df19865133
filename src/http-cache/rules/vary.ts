import { createHash } from 'node:crypto';
import type { Headers } from './headers.ts';

/**
 * How many buckets there are for the variants of one page. The bucket of a variant follows from the values that select it, so
 * that clients cannot make more entries, and no list of them has to be kept. Variants in the same bucket replace each other.
 */
const BUCKETS = 256;

/** Fields whose values are the same in any letter case (RFC 9110 §12.5). */
const ANY_CASE = new Set(['accept-charset', 'accept-encoding', 'accept-language']);

/** The values that a request has in the fields that select; null where it has no such field: an entry keeps no `undefined`. */
export type Selection = Readonly<Record<string, string | null>>;

/** The fields that select the response, sorted; undefined if none does. */
export function selectingFields({ vary }: Headers): readonly string[] | undefined {
  const names = (vary ?? '').split(',').map((name) => name.trim().toLowerCase());
  const given = [...new Set(names)].filter((name) => name !== '').sort();
  return given.length > 0 ? given : undefined;
}

/** The values that the request has in these fields, without insignificant spaces (RFC 9111 §4.1). */
export function selectionOf(names: readonly string[], request: Headers): Selection {
  const said = (name: string) => (Object.hasOwn(request, name) ? request[name] : undefined);
  return Object.fromEntries(names.map((name) => [name, normalise(name, said(name)) ?? null]));
}

function normalise(name: string, value: string | undefined): string | undefined {
  const plain = value
    ?.split(',')
    .map((member) => member.trim())
    .join(',');
  return ANY_CASE.has(name) ? plain?.toLowerCase() : plain;
}

/** Whether the response that was selected by `selectedBy` answers a request with these headers. */
export function isSelectedBy(selectedBy: Selection | undefined, headers: Headers): boolean {
  if (selectedBy === undefined) return true;
  const names = Object.keys(selectedBy);
  const selection = selectionOf(names, headers);
  return names.every((name) => selection[name] === selectedBy[name]);
}

/** The key of the variant of a page. */
export function variantKey(key: string, selection: Selection): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(Object.entries(selection).sort()))
    .digest();
  return `vary:${digest.readUInt16BE(0) % BUCKETS}:${key}`;
}
