import { createHash } from 'node:crypto';
import type { Mutation } from '../../coherence/index.ts';
import { fieldsOf, joinNames, type TagNames } from '../../platform/index.ts';

/** The collection: every list and count depends on it, unless it names locations. */
export const PROPERTIES = 'properties';

/** Any row: every page of a single row depends on it too, so that a bulk write reaches them all. */
export const ANY_PROPERTY = 'property:*';

/** Any location: every list that names locations depends on it too. */
export const ANY_LOCATION = 'location:*';

export const propertyTag = (id: number): string => `property:${id}`;

/** How many tags there are for locations: a request for a location without listings makes no new one. */
const LOCATION_TAGS = 4_096;

/**
 * One tag for all locations that PostgreSQL or JavaScript could take for the same: they may have different versions of
 * Unicode, so letters that are not ASCII do not count, and nor does anything between the others. If two
 * locations share a tag, that costs a load; if one had two tags, a stale answer.
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

/** Tags of all entries, for changes that are not known. */
export const EVERYTHING: readonly string[] = [PROPERTIES, ANY_PROPERTY, ANY_LOCATION];

/** A change of more locations than this counts as one of any location. */
const MAX_LOCATIONS = 20;

/** The rows and locations of a change; `*` where they are not known. */
export interface ChangedRows {
  /** Ids of rows that can have been seen before. */
  readonly rows: readonly number[] | '*';
  /** Where the rows were before and are now. */
  readonly locations: readonly string[] | '*';
}

export function tagsOfChange({ rows, locations }: ChangedRows): readonly string[] {
  const locationTags = locations === '*' ? [] : [...new Set(locations.map(locationTag))];
  const few = locations !== '*' && locationTags.length <= MAX_LOCATIONS;
  return [
    PROPERTIES,
    ...(rows === '*' ? [ANY_PROPERTY] : rows.map(propertyTag)),
    ...(few ? locationTags : [ANY_LOCATION]),
  ];
}

/** The locations that a change names, by their tags. */
export function namesOfChange({ locations }: Pick<ChangedRows, 'locations'>): TagNames {
  const named = locations === '*' ? [] : [...new Set(locations)].slice(0, MAX_LOCATIONS);
  return named.reduce<TagNames>(
    (names, location) => joinNames(names, new Map([[locationTag(location), [location]]])),
    new Map(),
  );
}

/** The locations that a mutation names. */
export const namesOf = (mutation: Mutation): TagNames => namesOfChange({ locations: locationsOf(mutation) });

/** The tags of what a mutation may change: of the lists always, of rows only if they existed before. */
export const tagsOf = (mutation: Mutation): readonly string[] =>
  tagsOfChange({ rows: rowsOf(mutation), locations: locationsOf(mutation) });

function rowsOf({ operation, args }: Mutation): ChangedRows['rows'] {
  if (operation.startsWith('create')) return [];
  const { id } = fieldsOf(fieldsOf(args).where);
  return SINGLE_ROW.has(operation) && typeof id === 'number' ? [id] : '*';
}

const SINGLE_ROW = new Set(['update', 'delete', 'upsert']);

/**
 * Those that the data names, for new rows. A row that existed is where its `where` says; or where its result says,
 * unless the data may have moved it.
 */
function locationsOf({ operation, args, result }: Mutation): ChangedRows['locations'] {
  const { data, where } = fieldsOf(args);
  if (operation.startsWith('create')) return namedIn([data].flat());
  if (operation === 'delete') return namedIn([result]);
  if (operation !== 'update') return '*';
  const before = typeof locationIn(where) === 'string' ? where : result;
  const moved = locationIn(data) !== undefined;
  return moved && before === result ? '*' : namedIn(moved ? [before, data] : [before]);
}

/** Of a row, the data for one, or a `where`; Prisma also takes operations and conditions instead. */
const locationIn = (given: unknown): unknown => fieldsOf(given).location;

function namedIn(rows: readonly unknown[]): ChangedRows['locations'] {
  const locations = rows.map(locationIn);
  return locations.every((location) => typeof location === 'string') ? locations : '*';
}

/** The tags that changes of listings invalidate, and what some of them stand for. */
export const listings = {
  everything: EVERYTHING,
  tagsOf: { Property: tagsOf },
  namesOf: { Property: namesOf },
  tagsOfChange,
  namesOfChange,
} as const;
