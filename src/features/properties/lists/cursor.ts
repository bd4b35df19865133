import { createHash } from 'node:crypto';
import { type ListQuery, orderParameters, type Position, type SortKey } from './list-query.ts';

/** Bytes of the digest that ties a cursor to its sort and filters. */
const DIGEST_BYTES = 9;

const CURSOR = /^([\w-]{12})\.([^.]+(?:\.\d\d)?)\.(0|-?[1-9]\d{0,9})$/;

/** PostgreSQL's `integer`. */
const isInteger = (id: number): boolean => id >= -(2 ** 31) && id < 2 ** 31;

/** The first and the last moment that PostgreSQL knows: years -4713 and 294276. Milliseconds since 1970. */
const MOMENTS = [-210_866_803_200_000n, 9_224_318_015_999_999n] as const;

/** The formats of the values that listings are sorted by, as PostgreSQL writes them: the digest is no secret, so any client can make a cursor. */
const VALUES: Readonly<Record<SortKey, (value: string, id: string) => boolean>> = {
  id: (value, id) => value === id,
  price: (value) => /^((?!-0\.00)-?(0|[1-9]\d{0,7})\.\d\d|NaN)$/.test(value),
  created_at: (value) => /^(0|-?(Infinity|[1-9]\d{0,15}))$/.test(value) && isMoment(value),
  relevance: (value) => /^[01]$/.test(value),
};

const isMoment = (value: string): boolean =>
  value.endsWith('Infinity') || (BigInt(value) >= MOMENTS[0] && BigInt(value) <= MOMENTS[1]);

/** A cursor: opaque to clients, valid for one sort and one set of filters, with any limit. */
export function encodeCursor(
  listQuery: Pick<ListQuery, 'filters' | 'sort'>,
  { value, id }: Position,
): string {
  return Buffer.from(`${digestOf(listQuery)}.${value}.${id}`).toString('base64url');
}

/** Undefined for what is no cursor, or the cursor of another list query. */
export function decodeCursor(
  listQuery: Pick<ListQuery, 'filters' | 'sort'>,
  cursor: string,
): Position | undefined {
  const [, digest, value = '', id = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (digest !== digestOf(listQuery) || !VALUES[listQuery.sort.by](value, id)) return undefined;
  return isInteger(Number(id)) ? { value, id: Number(id) } : undefined;
}

function digestOf(listQuery: Pick<ListQuery, 'filters' | 'sort'>): string {
  const digest = createHash('sha256').update(orderParameters(listQuery).toString()).digest();
  return digest.subarray(0, DIGEST_BYTES).toString('base64url');
}
