import { propertyJson } from '../property-json.ts';
import { everyFilter, Query, RANKS, type Statement } from './conditions.ts';
import { orderBy } from './order.ts';
import type { Filters, Question } from './question.ts';

/** Every row that passes the filters, in order, with no plan but PostgreSQL's own. */
export function listStatement({ filters, sort }: Pick<Question, 'filters' | 'sort'>): Statement {
  const query = new Query();
  const order = sort.by === 'relevance' ? `${rankOf(query.words(filters.words))}, id` : orderBy(sort);
  const text = `SELECT ${propertyJson} AS json FROM properties_property ${everyFilter(query, filters)} ORDER BY ${order}`;
  return { text, values: query.values };
}

/**
 * The whole list as one text, unless it is larger: then it is not begun, and no more rows are looked at than `most`
 * bytes could be.
 */
export function wholeStatement(question: Pick<Question, 'filters' | 'sort'>, most: number): Statement {
  const { text: list, values } = listStatement(question);
  const rows = `FROM properties_property ${everyFilter(new Query(values), question.filters)}`;
  const text = `SELECT bytes <= ${most} AS fits,
      CASE WHEN bytes <= ${most} THEN (SELECT string_agg(json, ',') FROM (${list}) AS list) END AS json
    FROM (SELECT coalesce(sum(bytes), 0) AS bytes FROM (
      SELECT ${AROUND_BYTES} + octet_length(title) + octet_length(description) + octet_length(location) AS bytes
      ${rows} LIMIT ${Math.ceil(most / AROUND_BYTES) + 1}) AS sizes) AS size`;
  return { text, values };
}

export function countStatement(filters: Filters): Statement {
  const query = new Query();
  const text = `SELECT count(*)::int AS count FROM properties_property ${everyFilter(query, filters)}`;
  return { text, values: query.values };
}

/** What JSON has of a row besides its three texts. Bytes. */
const AROUND_BYTES = 130;

/** The rank that the words have in a row, from 0 for the best. */
const rankOf = (words: string): string =>
  `CASE ${RANKS.map((vector, rank) => `WHEN ${vector} @@ ${words} THEN ${rank}`).join(' ')} END`;
