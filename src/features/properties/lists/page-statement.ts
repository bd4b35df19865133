import { longBytesOf, propertyJson } from '../column-sql.ts';
import { COLUMNS } from '../columns.ts';
import {
  type Condition,
  conditionsOf,
  LISTINGS,
  LOCATION,
  Query,
  RANKS,
  rowsWhere,
  type Statement,
  smallLetters,
  whereOf,
} from './conditions.ts';
import type { Filters, ListQuery, Sort } from './list-query.ts';
import { orderBy, positionOf, valueFor } from './order.ts';

/**
 * The statement for one page of a list query, in one snapshot and in a time that does not grow with the table.
 *
 * An index gives the order; filters that it does not cover are checked row by row. That is fast where many rows pass and slow
 * where few do, and PostgreSQL cannot know which: it takes filters to be independent, and no listing
 * is both a flat and a villa. So a statement has two plans, and the second is begun only if the first did not suffice:
 *
 * 1. `quick`: the first `WINDOW` rows in order, filtered.
 * 2. `whole`: every row that passes the filters, by their indexes, and then the first ones in order. Few rows, since
 *    a window of them did not have enough. `OFFSET 0` keeps PostgreSQL from doing the first plan again.
 *
 * By relevance there are two such pairs, one for each rank, and the second is begun only if the first did not suffice.
 * https://www.postgresql.org/docs/current/queries-with.html: of a WITH query only as much is run as is read.
 */
export function pageStatement({ filters, sort, after }: ListQuery, limit: number): Statement {
  const query = new Query();
  const conditions = conditionsOf(query, isGrouped(filters, sort) ? { ...filters, locations: [] } : filters);
  const plans = { sort, ...groupsOf(query, filters, sort), rows: limit + 1 };
  const position = after && positionOf(query, sort, after);
  const parts =
    sort.by === 'relevance'
      ? rankParts(plans, conditions, query.words(filters.words), {
          position,
          rank: Number(after?.value ?? 0),
        })
      : [partOf(plans, 'all', conditions, position, valueFor(sort))];
  const found = parts.map(({ found }) => `(${found})`).join(' UNION ALL ');
  const order = sort.by === 'relevance' ? 'value, id' : orderBy(sort);
  const text = `SELECT * FROM (WITH ${parts.map(({ queries }) => queries).join(', ')},
    found AS (SELECT * FROM (${found}) AS parts LIMIT ${plans.rows}),
    numbered AS (SELECT listing.*, value, row_number() OVER in_order AS n,
      sum(${longBytesOf(COLUMNS)}) OVER (in_order ROWS UNBOUNDED PRECEDING) AS bytes
      FROM found JOIN ${LISTINGS} USING (id) WINDOW in_order AS (ORDER BY ${order})),
    page AS (SELECT *, n = 1 OR (n <= ${limit} AND bytes <= ${MAX_PAGE_BYTES}) AS fits FROM numbered)
    SELECT string_agg(${propertyJson}, ',' ORDER BY n) FILTER (WHERE fits) AS json, coalesce(bool_or(NOT fits), false) AS more,
      (array_agg(id ORDER BY n DESC) FILTER (WHERE fits))[1] AS id,
      (array_agg(value ORDER BY n DESC) FILTER (WHERE fits))[1] AS value
    FROM page) AS answer`;
  return { text, values: query.values };
}

/** A page ends early at the listing that brings its long texts, the descriptions, to more than this. Bytes. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** How many rows the first plan reads in order before the second one uses the filters' indexes: 5 to 10 ms. */
const WINDOW = 5_000;

/** The same in the order of ids, which is nearly the order on the disk. */
const WINDOW_BY_ID = 15_000;

/** The same within one location: its index has fewer rows to read. */
const WINDOW_OF_GROUP = 1_000;

/** The same for long pages: so many rows for each row of the page. */
const WINDOW_PER_ROW = 10;

/**
 * The groups of rows that the plans run on one by one, as a table: one for each location that the filters name, where an index
 * has this sort within a location. Otherwise all rows are one group, and a location is a filter like any other.
 */
function groupsOf(query: Query, filters: Filters, sort: Sort): Pick<Plans, 'groups' | 'groupOfRow'> {
  if (!isGrouped(filters, sort))
    return { groups: `(VALUES ('')) AS location_groups(group_key)`, groupOfRow: undefined };
  const rows = filters.locations.map((location) => `(${smallLetters(query.value(location, 'text'))})`);
  return { groups: `(VALUES ${rows.join(', ')}) AS location_groups(group_key)`, groupOfRow: LOCATION };
}

const isGrouped = ({ locations }: Filters, { by }: Sort): boolean =>
  locations.length > 0 && (by === 'price' || by === 'created_at');

/** What all parts of a statement have in common. */
interface Plans {
  readonly sort: Sort;
  readonly groups: string;
  /** SQL for the group of a row; undefined: all rows are one group. */
  readonly groupOfRow: string | undefined;
  readonly rows: number;
}

/** A part for each rank from that of the cursor on; a row of a rank is of no better one. */
function rankParts(
  plans: Plans,
  conditions: readonly Condition[],
  words: string,
  from: { readonly position: string | undefined; readonly rank: number },
) {
  const others = conditions.filter(({ of }) => of !== 'words');
  return RANKS.flatMap((vector, rank) => {
    if (rank < from.rank) return [];
    const better = RANKS[rank - 1];
    const sql = `${vector} @@ ${words}${better ? ` AND NOT ${better} @@ ${words}` : ''}`;
    const ranked = [...others, { of: 'words', sql } as const];
    return [
      partOf(plans, `rank_${rank}`, ranked, rank === from.rank ? from.position : undefined, `'${rank}'`),
    ];
  });
}

/** The two plans, for each group by itself; one plan where an index covers all filters. */
function partOf(
  { sort, groups, groupOfRow, rows }: Plans,
  name: string,
  conditions: readonly Condition[],
  position: string | undefined,
  value: string,
) {
  const isCovered = ({ of }: Condition) => of === sort.by;
  const covered = [
    ...conditions.filter(isCovered).map(({ sql }) => sql),
    ...(position === undefined ? [] : [position]),
  ];
  const here = [...(groupOfRow ? [`${groupOfRow} = group_key`] : []), ...covered];
  const others = conditions.filter((condition) => !isCovered(condition)).map(({ sql }) => sql);
  const order = `ORDER BY ${orderBy(sort)}`;
  const columns = sort.by === 'id' || sort.by === 'relevance' ? 'id' : `id, ${sort.by}`;
  const inEach = (groups: string, candidates: string) =>
    `SELECT group_key, first.* FROM ${groups}, LATERAL (SELECT ${columns}, ${value} AS value
      FROM (${candidates}) AS candidates ${order} LIMIT ${rows}) AS first`;
  const quick = `quick_${name}`;
  const whole = `whole_${name}`;
  if (others.length === 0) {
    const queries = `${quick} AS (${inEach(groups, `${rowsWhere(here)} ${order} LIMIT ${rows}`)})`;
    return { queries, found: `SELECT id, value FROM ${quick} ${order} LIMIT ${rows}` };
  }
  const window = Math.max(windowOf(sort, groupOfRow), WINDOW_PER_ROW * rows);
  const few = `SELECT * FROM (${rowsWhere(here)} ${order} LIMIT ${window}) AS few ${whereOf(others)}`;
  const lacking = `ARRAY(SELECT group_key FROM ${groups}
    WHERE NOT EXISTS (SELECT FROM ${quick} WHERE ${quick}.group_key = location_groups.group_key AND many = ${rows}))`;
  // One group at a time: PostgreSQL cannot estimate how many rows a list of unknown groups has, and might read all.
  const inOne = groupOfRow ? [`${groupOfRow} = lacking.group_key`] : [];
  const all = `SELECT those.* FROM unnest(${lacking}) AS lacking(group_key),
    LATERAL (${rowsWhere([...inOne, ...covered, ...others])} OFFSET 0) AS those`;
  const queries = `${quick} AS MATERIALIZED (
      SELECT *, count(*) OVER (PARTITION BY group_key) AS many FROM (${inEach(groups, few)}) AS firsts),
    ${whole} AS MATERIALIZED (SELECT ${columns}, ${value} AS value FROM (${all}) AS candidates ${order} LIMIT ${rows})`;
  const found = `SELECT id, value FROM (
      SELECT ${columns}, value FROM ${quick} WHERE many = ${rows} UNION ALL SELECT * FROM ${whole}
    ) AS firsts ${order} LIMIT ${rows}`;
  return { queries, found };
}

function windowOf({ by }: Sort, groupOfRow: string | undefined): number {
  if (by === 'id' || by === 'relevance') return WINDOW_BY_ID;
  return groupOfRow ? WINDOW_OF_GROUP : WINDOW;
}
