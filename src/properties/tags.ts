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

/** What a mutation touched: the lists always; rows only those that can have been seen before. */
export function tagsOf({ operation, args, result }: Mutation): readonly string[] {
  if (operation.startsWith('create')) return [PROPERTIES];
  if (!SINGLE_ROW.has(operation) || changesId(args)) return EVERYTHING;
  const ids = [idOf(Object(args).where), idOf(result)].filter((id) => id !== undefined);
  return ids.length > 0 ? [PROPERTIES, ...new Set(ids.map(propertyTag))] : EVERYTHING;
}

const SINGLE_ROW = new Set(['update', 'delete', 'upsert']);

function changesId(args: unknown): boolean {
  const { data, update } = Object(args);
  return 'id' in Object(data) || 'id' in Object(update);
}

function idOf(value: unknown): number | undefined {
  const { id } = Object(value);
  return typeof id === 'number' ? id : undefined;
}

/** What the table's trigger says in a notification: ids, `*` for too many of them, or nothing for new rows. */
export function tagsOfChange(payload: string): readonly string[] {
  if (payload === '*') return EVERYTHING;
  const ids = payload.split(',').filter((id) => id !== '');
  return [PROPERTIES, ...ids.map((id) => propertyTag(Number(id)))];
}
