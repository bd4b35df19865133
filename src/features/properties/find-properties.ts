import type { Reader } from '../../coherence/index.ts';
import type { Statement } from './lists/conditions.ts';
import type { Filters, ListQuery } from './lists/list-query.ts';
import { countStatement, wholeStatement } from './lists/list-statements.ts';
import { pageStatement } from './lists/page-statement.ts';
import { listParameters } from './lists/parameters.ts';

/** A page of listings: bytes of a JSON array, and the URL of the page after it. */
export interface ListPage {
  readonly properties: Buffer;
  /** The path and the query; undefined after the last page. */
  readonly next: string | undefined;
}

/** The listings that a list query selects, no more than its limit; fewer before the last page where they are very long. */
export async function findProperties(
  reader: Reader,
  listQuery: ListQuery & { readonly limit: number },
): Promise<ListPage> {
  const row = await ask<PageRow>(reader, pageStatement(listQuery, listQuery.limit));
  const { json, more, id, value } = row;
  const after = more && id !== null && value !== null ? { id, value } : undefined;
  return {
    properties: arrayOf(json),
    next: after && `/properties/?${listParameters({ ...listQuery, after })}`,
  };
}

/** All listings that pass the filters, as bytes of a JSON array; undefined if they are more than so many bytes. */
export async function listProperties(
  reader: Reader,
  listQuery: Pick<ListQuery, 'filters' | 'sort'>,
  mostBytes: number,
): Promise<Buffer | undefined> {
  const { fits, json } = await ask<WholeRow>(reader, wholeStatement(listQuery, mostBytes));
  return fits ? arrayOf(json) : undefined;
}

export async function countProperties(reader: Reader, filters: Filters): Promise<number> {
  const { count } = await ask<{ count: number }>(reader, countStatement(filters));
  return count;
}

interface PageRow {
  readonly json: string | null;
  readonly more: boolean;
  readonly id: number | null;
  readonly value: string | null;
}

interface WholeRow {
  readonly fits: boolean;
  readonly json: string | null;
}

/** Each of these statements returns exactly one row. */
async function ask<Row>(reader: Reader, { text, values }: Statement): Promise<Row> {
  const [row] = await reader.$queryRawUnsafe<[Row]>(text, ...values);
  return row;
}

const arrayOf = (json: string | null): Buffer => Buffer.from(`[${json ?? ''}]`);
