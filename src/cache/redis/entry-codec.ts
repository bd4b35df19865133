import { fieldsOf, hasFields } from '../../platform/index.ts';
import { newToken } from '../core/token.ts';
import { type Entry, MAX_VALUE_BYTES } from '../stores/store.ts';

/** Counted up when a release must not use the entries that an earlier one has written; in the key of each. */
export const FORMAT = 1;

const NEWLINE = 0x0a;

/** The value of an entry's own key is shorter than this. Bytes. */
export const FIRST_BYTES = 64 * 1024;

/** Where the value of a large entry is: in parts under this name, which no other write has. */
export interface Elsewhere {
  readonly id: string;
  readonly bytes: number;
}

export interface Encoded {
  readonly first: Buffer;
  readonly elsewhere: Elsewhere | undefined;
}

export type Decoded =
  | { readonly entry: Entry; readonly elsewhere: undefined }
  /** `entry` without its body. */
  | { readonly entry: Entry; readonly elsewhere: Elsewhere };

/**
 * An entry as Redis holds it under its key: one line of JSON that `redis-cli GET` shows, then the bytes of the body; a large
 * entry has only the line, which names its parts. There its `head` is elsewhere in the JSON: a release that knows no large entries
 * takes it for none.
 *
 * @throws an Error if the line alone is too long
 */
export function encodeEntry({ value, ...rest }: Entry): Encoded {
  const { head, body } = value;
  const line = Buffer.from(`${JSON.stringify({ ...rest, head })}\n`);
  const bytes = body.byteLength;
  if (line.byteLength + bytes < FIRST_BYTES)
    return { first: Buffer.concat([line, body]), elsewhere: undefined };
  const elsewhere = { id: newToken(), bytes };
  const first = Buffer.from(`${JSON.stringify({ large: { ...elsewhere, head }, ...rest })}\n`);
  if (first.byteLength >= FIRST_BYTES)
    throw new Error(`an entry with ${first.byteLength} bytes before its body`);
  return { first, elsewhere };
}

/** Undefined for bytes that are not an entry: another program's value under our key is a miss, not an error. */
export function decodeEntry(bytes: Buffer): Decoded | undefined {
  if (bytes.byteLength >= FIRST_BYTES) return undefined;
  const end = bytes.indexOf(NEWLINE);
  const { large, ...line } = fieldsOf(parse(bytes.toString('utf8', 0, Math.max(end, 0))));
  const first = large === undefined ? line : { ...line, head: fieldsOf(large).head };
  if (!isFirstLine(first)) return undefined;
  const { head, ...rest } = first;
  const entry = { ...rest, value: { head, body: bytes.subarray(end + 1) } };
  if (large === undefined) return { entry, elsewhere: undefined };
  return isElsewhere(large) ? { entry, elsewhere: { id: large.id, bytes: large.bytes } } : undefined;
}

type FirstLine = Omit<Entry, 'value'> & Pick<Entry['value'], 'head'>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** By hand, as every hit in Redis comes by here: a schema's check of it takes four times as long. */
function isFirstLine(line: unknown): line is FirstLine {
  const { storedAt, ttl, tokens, head } = fieldsOf(line);
  return typeof storedAt === 'number' && typeof ttl === 'number' && isStrings(tokens) && isStrings(head);
}

function isElsewhere(large: unknown): large is Elsewhere {
  const { id, bytes } = fieldsOf(large);
  const isLength = typeof bytes === 'number' && Number.isInteger(bytes) && bytes >= 0;
  return typeof id === 'string' && isLength && bytes <= MAX_VALUE_BYTES;
}

function isStrings(value: unknown): boolean {
  return hasFields(value) && Object.values(value).every((member) => typeof member === 'string');
}
