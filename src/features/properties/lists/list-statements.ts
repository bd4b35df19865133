import { aroundBytesOf, propertyJson, textBytesOf } from '../column-sql.ts';
import { COLUMNS } from '../columns.ts';
import { everyFilter, LISTINGS, Query, RANKS, type Statement } from './conditions.ts';
import type { Filters, ListQuery } from './list-query.ts';
import { orderBy } from './order.ts';

/** Every row that passes the filters, in order; PostgreSQL chooses the plan. */
export function listStatement({ filters, sort }: Pick<ListQuery, 'filters' | 'sort'>): Statement {
  const query = new Query();
  const order = sort.by === 'relevance' ? `${rankOf(query.words(filters.words))}, id` : orderBy(sort);
  const text = `SELECT ${propertyJson} AS json FROM ${LISTINGS} ${everyFilter(query, filters)} ORDER BY ${order}`;
  return { text, values: query.values };
}

/**
 * The whole list as one text, unless it is larger than `most` bytes: then the text is not made, and no more rows are read than
 * so many bytes could hold.
 */
export function wholeStatement(listQuery: Pick<ListQuery, 'filters' | 'sort'>, most: number): Statement {
  const { text: list, values } = listStatement(listQuery);
  const rows = `FROM ${LISTINGS} ${everyFilter(new Query(values), listQuery.filters)}`;
  const text = `SELECT bytes <= ${most} AS fits,
      CASE WHEN bytes <= ${most} THEN (SELECT string_agg(json, ',') FROM (${list}) AS list) END AS json
    FROM (SELECT coalesce(sum(bytes), 0) AS bytes FROM (
      SELECT ${AROUND_BYTES} + ${textBytesOf(COLUMNS)} AS bytes
      ${rows} LIMIT ${Math.ceil(most / AROUND_BYTES) + 1}) AS sizes) AS size`;
  return { text, values };
}

export function countStatement(filters: Filters): Statement {
  const query = new Query();
  const text = `SELECT count(*)::int AS count FROM ${LISTINGS} ${everyFilter(query, filters)}`;
  return { text, values: query.values };
}

/** The length of a row as JSON, without its texts. Bytes. */
const AROUND_BYTES = aroundBytesOf(COLUMNS);

/** The rank that the words have in a row, from 0 for the best. */
const rankOf = (words: string): string =>
  `CASE ${RANKS.map((vector, rank) => `WHEN ${vector} @@ ${words} THEN ${rank}`).join(' ')} END`;
