import { createHash } from 'node:crypto';
import type { Mutation } from '../database/invalidation-extension.ts';

/** The collection: every list and count depends on it, unless it names locations. */
export const PROPERTIES = 'properties';

/** Any row: every page of a single row depends on it too, so that a bulk write reaches them all. */
export const ANY_PROPERTY = 'property:*';

/** Any location: every list that names locations depends on it too. */
export const ANY_LOCATION = 'location:*';

export const propertyTag = (id: number): string => `property:${id}`;

/** Tags of locations there are: whoever asks for a location that is nowhere makes no new one. */
const LOCATION_TAGS = 4_096;

/**
 * One tag for all locations that could be taken for each other, whoever compares them: PostgreSQL and JavaScript may
 * know another Unicode, so letters that are not ASCII do not count, and nor does anything between the others. That two
 * locations share a tag costs a load; that one had two would cost the truth.
 */
export function locationTag(location: string): string {
  const letters = location.toLowerCase().replace(/[^a-z0-9]/g, '');
  return `location:${createHash('sha256').update(letters).digest().readUInt16BE() % LOCATION_TAGS}`;
}

/** What the answer about one row depends on. */
export const tagsOfProperty = (id: number): readonly string[] => [propertyTag(id), ANY_PROPERTY];

/** What a list of the rows in these locations depends on; without any, of all rows. */
export const tagsOfList = (locations: readonly string[]): readonly string[] =>
  locations.length === 0 ? [PROPERTIES] : [...new Set(locations.map(locationTag)), ANY_LOCATION];

/** Everything there is: for when what changed is not known. */
export const EVERYTHING: readonly string[] = [PROPERTIES, ANY_PROPERTY, ANY_LOCATION];

/** More locations than this at once are any location. */
const MAX_LOCATIONS = 20;

/** What is known of a change; `*`: that it is not known. */
export interface ChangedRows {
  /** Ids of rows that can have been seen before. */
  readonly rows: readonly number[] | '*';
  /** Where the rows were before and are now. */
  readonly locations: readonly string[] | '*';
}

export function tagsOfChange({ rows, locations }: ChangedRows): readonly string[] {
  const places = locations === '*' ? [] : [...new Set(locations.map(locationTag))];
  const few = locations !== '*' && places.length <= MAX_LOCATIONS;
  return [
    PROPERTIES,
    ...(rows === '*' ? [ANY_PROPERTY] : rows.map(propertyTag)),
    ...(few ? places : [ANY_LOCATION]),
  ];
}

/** What a mutation may touch: the lists always; rows only those that can have been seen before. */
export const tagsOf = (mutation: Mutation): readonly string[] =>
  tagsOfChange({ rows: rowsOf(mutation), locations: locationsOf(mutation) });

function rowsOf({ operation, args }: Mutation): ChangedRows['rows'] {
  if (operation.startsWith('create')) return [];
  const { id } = Object(Object(args).where);
  return SINGLE_ROW.has(operation) && typeof id === 'number' ? [id] : '*';
}

const SINGLE_ROW = new Set(['update', 'delete', 'upsert']);

/**
 * Those that the data names, for new rows. A row that existed is where its `where` says; or where its result says,
 * unless the data may have moved it.
 */
function locationsOf({ operation, args, result }: Mutation): ChangedRows['locations'] {
  const { data, where } = Object(args);
  if (operation.startsWith('create')) return namedIn([data].flat());
  if (operation === 'delete') return namedIn([result]);
  if (operation !== 'update') return '*';
  const before = typeof Object(where).location === 'string' ? where : result;
  const moved = Object(data).location !== undefined;
  return moved && before === result ? '*' : namedIn(moved ? [before, data] : [before]);
}

function namedIn(rows: readonly unknown[]): ChangedRows['locations'] {
  const locations = rows.map((row) => Object(row).location);
  return locations.every((location) => typeof location === 'string') ? locations : '*';
}
