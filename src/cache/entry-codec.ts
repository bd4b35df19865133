import type { Entry } from './store.ts';

const NEWLINE = 0x0a;

/** An entry as Redis holds it: one line of JSON that `redis-cli GET` shows, then the bytes as they are. */
export function encodeEntry({ value, ...rest }: Entry): Buffer {
  const line = JSON.stringify({ ...rest, head: value.head });
  return Buffer.concat([Buffer.from(`${line}\n`), value.body]);
}

/** Undefined for bytes that are not an entry: somebody else's value under our key is a miss, not an error. */
export function decodeEntry(bytes: Buffer): Entry | undefined {
  const end = bytes.indexOf(NEWLINE);
  const line = parse(bytes.toString('utf8', 0, Math.max(end, 0)));
  if (!isFirstLine(line)) return undefined;
  const { head, ...rest } = line;
  return { ...rest, value: { head, body: bytes.subarray(end + 1) } };
}

type FirstLine = Omit<Entry, 'value'> & Pick<Entry['value'], 'head'>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isFirstLine(line: unknown): line is FirstLine {
  const { storedAt, ttl, tokens, head } = Object(line);
  return typeof storedAt === 'number' && typeof ttl === 'number' && isStrings(tokens) && isStrings(head);
}

function isStrings(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((member) => typeof member === 'string');
}
