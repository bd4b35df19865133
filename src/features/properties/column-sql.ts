import { COLUMNS, type Columns } from './columns.ts';

/** Names of columns, as SQL lists them. */
export const namesOf = (columns: Columns): string => Object.keys(columns).join(', ');

/**
 * SQL that makes of a row the JSON that `toProperty` and `JSON.stringify` make of it, to the byte.
 * https://www.postgresql.org/docs/current/functions-json.html: `to_json` escapes as RFC 8259 has it.
 */
export function jsonOf(columns: Columns): string {
  const parts: string[] = [];
  let before = '{';
  for (const [name, column] of Object.entries(columns)) {
    parts.push(`'${before}"${name}":${column.quote}' || ${column.sql(name)}`);
    before = `${column.quote},`;
  }
  return `${parts.join(' || ')} || '${before.slice(0, -1)}}'`;
}

/**
 * SQL that adds the listings of a JSON array, its only parameter, and returns their JSON in the order in which they were
 * given. One parameter however many rows: twenty times as fast as `createMany`, which takes one for each value.
 */
export function insertOf(columns: Columns): string {
  const given = Object.fromEntries(Object.entries(columns).filter(([, { input }]) => input));
  const names = namesOf(given);
  const types = Object.entries(given).map(([name, { type }]) => `${name} ${type}`);
  return `WITH added AS (
    INSERT INTO properties_property (${names})
    SELECT ${names}
    FROM json_to_recordset($1::json) AS given(${types.join(', ')})
    RETURNING ${namesOf(columns)})
  SELECT string_agg(json, ',') AS json FROM (SELECT ${jsonOf(columns)} AS json FROM added ORDER BY id) AS list`;
}

/** What the JSON of a row takes at most besides its texts, rounded up to tens. Bytes. */
export function aroundBytesOf(columns: Columns): number {
  const bytes = Object.entries(columns).map(
    ([name, { maxBytes = '""'.length }]) => `"${name}":,`.length + maxBytes,
  );
  return Math.ceil(bytes.reduce((sum, some) => sum + some, '{}'.length) / 10) * 10;
}

/** SQL for the bytes of a row's texts. */
export const textBytesOf = (columns: Columns): string =>
  Object.entries(columns)
    .filter(([, { maxBytes }]) => maxBytes === undefined)
    .map(lengthOf)
    .join(' + ');

/** SQL for the bytes of those that have no limit. */
export const longBytesOf = (columns: Columns): string =>
  Object.entries(columns)
    .filter(([, { isLong }]) => isLong)
    .map(lengthOf)
    .join(' + ');

const lengthOf = ([name, { isOptional }]: [string, Columns[string]]): string =>
  isOptional ? `coalesce(octet_length(${name}), 0)` : `octet_length(${name})`;

export const propertyJson = jsonOf(COLUMNS);
