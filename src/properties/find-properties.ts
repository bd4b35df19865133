import type { Reader } from '../database/prisma.ts';
import type { Statement } from './question/conditions.ts';
import { countStatement, wholeStatement } from './question/list-statements.ts';
import { pageStatement } from './question/page-statement.ts';
import { questionParameters } from './question/parameters.ts';
import type { Filters, Question } from './question/question.ts';

/** A page of listings: bytes of a JSON array, and the URL of the page after it. */
export interface ListPage {
  readonly properties: Buffer;
  /** The path and the query; undefined after the last page. */
  readonly next: string | undefined;
}

/** The listings that answer a question, no more than its limit; fewer before the last page where they are very long. */
export async function findProperties(
  reader: Reader,
  question: Question & { readonly limit: number },
): Promise<ListPage> {
  const row = await ask<PageRow>(reader, pageStatement(question, question.limit));
  const { json, more, id, value } = row;
  const after = more && id !== null && value !== null ? { id, value } : undefined;
  return {
    properties: arrayOf(json),
    next: after && `/properties/?${questionParameters({ ...question, after })}`,
  };
}

/** All listings that pass the filters, as bytes of a JSON array; undefined if they are more than so many bytes. */
export async function listProperties(
  reader: Reader,
  question: Pick<Question, 'filters' | 'sort'>,
  mostBytes: number,
): Promise<Buffer | undefined> {
  const { fits, json } = await ask<WholeRow>(reader, wholeStatement(question, mostBytes));
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

/** Each of these statements answers with one row, whatever there is. */
async function ask<Row>(reader: Reader, { text, values }: Statement): Promise<Row> {
  const [row] = await reader.$queryRawUnsafe<[Row]>(text, ...values);
  return row;
}

const arrayOf = (json: string | null): Buffer => Buffer.from(`[${json ?? ''}]`);
