import { execute } from '../../../../support/database.ts';

/** A row as the tests know it. */
export interface Row {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  /** With two decimals, or `NaN`. */
  readonly price: string;
  readonly location: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** A list query in any spelling. */
export interface ModelQuery {
  readonly location?: readonly string[];
  readonly min_price?: string;
  readonly max_price?: string;
  readonly q?: string;
  readonly created_after?: string;
  readonly created_before?: string;
  readonly sort?: string;
}

/** Every way to sort; relevance only with words. */
export const SORTS = ['id', '-id', 'price', '-price', 'created_at', '-created_at'] as const;

/** The ids that answer a list query, in order. */
export function answerTo(asked: ModelQuery, rows: readonly Row[]): number[] {
  const found = rows.filter((row) => passes(asked, row));
  const sort = asked.sort ?? (asked.q === undefined ? 'id' : 'relevance');
  const by = sort.replace('-', '');
  const sign = sort.startsWith('-') && by !== 'relevance' ? -1 : 1;
  const rank = ({ title }: Row) => (hasWords(asked.q ?? '', title) ? 0 : 1);
  const sortedBy = (row: Row) => {
    if (by === 'price') return priceOf(row.price);
    return by === 'created_at' ? row.created : by === 'relevance' ? rank(row) : 0;
  };
  return found
    .sort((a, b) => sign * (compare(sortedBy(a), sortedBy(b)) || compare(a.id, b.id)))
    .map(({ id }) => id);
}

/** The filters alone: what can be counted. */
export function passes(asked: ModelQuery, row: Row): boolean {
  const { location = [], min_price, max_price, q, created_after, created_before } = asked;
  const named = location.map((place) => place.toLowerCase());
  return (
    (named.length === 0 || named.includes(row.location.toLowerCase())) &&
    (min_price === undefined || priceOf(row.price) >= Number(min_price)) &&
    (max_price === undefined || priceOf(row.price) <= Number(max_price)) &&
    (created_after === undefined || row.created > Date.parse(created_after)) &&
    (created_before === undefined || row.created < Date.parse(created_before)) &&
    (q === undefined || hasWords(q, `${row.title} ${row.description} ${row.location}`))
  );
}

/** Of the words of the tests PostgreSQL takes only these for others, and ignores one. */
const STEMS: Readonly<Record<string, string>> = { flats: 'flat', villas: 'villa', the: '' };

function wordsIn(text: string): string[] {
  const words = text.toLowerCase().split(/[^\p{L}]+/u);
  return words.map((word) => STEMS[word] ?? word).filter((word) => word !== '');
}

function hasWords(q: string, text: string): boolean {
  const there = new Set(wordsIn(text));
  const wanted = wordsIn(q);
  return wanted.length > 0 && wanted.every((word) => there.has(word));
}

/** For PostgreSQL NaN is the largest of numbers. */
const priceOf = (price: string): number => (price === 'NaN' ? Number.POSITIVE_INFINITY : Number(price));

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** The query of an URL. */
export function queryOf(
  asked: ModelQuery & { readonly limit?: number | string; readonly cursor?: string },
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) {
    for (const one of [value ?? []].flat()) search.append(name, String(one));
  }
  return search.size > 0 ? `?${search}` : '';
}

/** SQL that puts these rows in place of all others. */
export function replaceWith(rows: readonly Row[]): string {
  const json = JSON.stringify(rows).replaceAll("'", "''");
  return `TRUNCATE properties_property; ANALYZE properties_property;
    INSERT INTO properties_property (id, title, description, price, location, created_at)
    SELECT id, title, description, price::numeric, location, to_timestamp(created / 1000)
    FROM jsonb_to_recordset('${json}') AS rows(
      id int, title text, description text, price text, location text, created float8)`;
}

/** All rows as the model has them, from the table itself. */
export async function rowsIn(url: string): Promise<Row[]> {
  const { rows } = await execute(
    url,
    `SELECT id, title, description, price::text, location,
      (extract(epoch FROM created_at) * 1000)::float8 AS created FROM properties_property`,
  );
  return rows;
}
