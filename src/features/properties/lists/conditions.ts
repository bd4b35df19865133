import { namesOf } from '../column-sql.ts';
import { COLUMNS } from '../columns.ts';
import type { Filters } from './list-query.ts';

/** SQL, and the values of its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly string[];
}

/** A filter, and the column that it looks at. */
export interface Condition {
  readonly of: 'location' | 'price' | 'created_at' | 'words';
  readonly sql: string;
}

export class Query {
  readonly values: string[];

  constructor(values: readonly string[] = []) {
    this.values = [...values];
  }

  /** SQL for a parameter: the same one for the same value. */
  value(value: string, type: 'text' | 'numeric' | 'timestamptz' | 'int' | 'float8'): string {
    if (!this.values.includes(value)) this.values.push(value);
    return `($${this.values.indexOf(value) + 1}::text)::${type}`;
  }

  /** SQL for a text search query; without words it matches nothing. */
  words(words = ''): string {
    return `plainto_tsquery('pg_catalog.english', ${this.value(words, 'text')})`;
  }
}

/** SQL for a text in small letters, as the indexes of the migration have it. */
export const smallLetters = (text: string): string => `(lower(${text} COLLATE "und-x-icu") COLLATE "C")`;
export const LOCATION = smallLetters('location');

/** The vectors in which words are searched, from the best rank to the last. Each has an index. */
export const RANKS = [`ts_filter(words, '{a}')`, 'words'] as const;

export function conditionsOf(query: Query, filters: Filters): Condition[] {
  const { locations, minPrice, maxPrice, words, createdAfter, createdBefore } = filters;
  const conditions: Condition[] = [];
  const add = (of: Condition['of'], sql: string) => conditions.push({ of, sql });
  const named = locations.map((location) => smallLetters(query.value(location, 'text')));
  if (named.length > 0) add('location', `${LOCATION} IN (${named.join(', ')})`);
  if (minPrice !== undefined) add('price', `price >= ${query.value(minPrice, 'numeric')}`);
  if (maxPrice !== undefined) add('price', `price <= ${query.value(maxPrice, 'numeric')}`);
  if (createdAfter !== undefined)
    add('created_at', `created_at > ${query.value(createdAfter, 'timestamptz')}`);
  if (createdBefore !== undefined)
    add('created_at', `created_at < ${query.value(createdBefore, 'timestamptz')}`);
  if (words !== undefined) add('words', `words @@ ${query.words(words)}`);
  return conditions;
}

export const everyFilter = (query: Query, filters: Filters): string =>
  whereOf(conditionsOf(query, filters).map(({ sql }) => sql));

export const whereOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;

/**
 * SQL for the table with the columns of this service only: another column could have a name that a statement uses itself.
 * PostgreSQL plans it as the table itself.
 */
export const LISTINGS = `(SELECT ${namesOf(COLUMNS)}, words FROM properties_property) AS listing`;

export const rowsWhere = (conditions: readonly string[]): string =>
  `SELECT * FROM ${LISTINGS} ${whereOf(conditions)}`;
