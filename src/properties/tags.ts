import type { Mutation } from '../database/invalidation-extension.ts';

/** The collection: every list and count depends on it. */
export const PROPERTIES = 'properties';

/** Any row: every page of a single row depends on it too, so that a bulk write reaches them all. */
export const ANY_PROPERTY = 'property:*';

export const propertyTag = (id: number): string => `property:${id}`;

/** What the answer about one row depends on. */
export const tagsOfProperty = (id: number): readonly string[] => [propertyTag(id), ANY_PROPERTY];

/** Everything there is: for when what changed is not known. */
export const EVERYTHING: readonly string[] = [PROPERTIES, ANY_PROPERTY];

/** What a mutation may touch: the lists always; rows only those that can have been seen before. */
export function tagsOf({ operation, args }: Mutation): readonly string[] {
  if (operation.startsWith('create')) return [PROPERTIES];
  const { id } = Object(Object(args).where);
  return SINGLE_ROW.has(operation) && typeof id === 'number' ? [PROPERTIES, propertyTag(id)] : EVERYTHING;
}

const SINGLE_ROW = new Set(['update', 'delete', 'upsert']);

/** What a change of the table touches: `rows` is ids, `*` for too many of them, or nothing for new rows only. */
export function tagsOfChange(rows: string): readonly string[] {
  if (rows === '*') return EVERYTHING;
  const ids = rows.split(',').filter((id) => id !== '');
  return [PROPERTIES, ...ids.map((id) => propertyTag(Number(id)))];
}
