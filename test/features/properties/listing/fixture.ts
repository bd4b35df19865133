import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { EVERYTHING } from '../../../../src/features/properties/tags.ts';
import { changeUnheard } from '../../../helpers/app.ts';
import { type Row, replaceWith } from '../lists/model.ts';

/** A list as it is answered. */
export interface Listed {
  readonly properties: readonly { readonly id: number; readonly location: string }[];
  readonly next?: string | null;
}

/** Changes the table past the service, and has it forget what it knew. */
export async function change(app: FastifyInstance, sql: string): Promise<void> {
  await changeUnheard(app, sql);
  await app.caches.invalidate(EVERYTHING);
}

export const fill = (app: FastifyInstance, rows: readonly Row[]): Promise<void> =>
  change(app, replaceWith(rows));

/** Some other row to begin with. */
export const row = (id: number, fields: Partial<Row> = {}): Row => ({
  id,
  title: 'flat',
  description: 'quiet',
  price: '1.00',
  location: 'Accra',
  created: 1e12,
  ...fields,
});

/** A list that is answered with 200. */
export async function listed(app: FastifyInstance, url: string): Promise<Listed> {
  const response = await app.inject(url);
  assert.equal(response.statusCode, 200, `${url}: ${response.body}`);
  const list = response.json<Listed>();
  const link = response.headers.link;
  assert.equal(link, list.next ? `<${list.next}>; rel="next"` : undefined, 'Link says what next says');
  return list;
}

export const idsOf = ({ properties }: Listed): number[] => properties.map(({ id }) => id);

/** The ids of every page from this one on, page by page. */
export async function walk(
  app: FastifyInstance,
  url: string,
  between: (page: readonly number[]) => Promise<void> = async () => {},
): Promise<number[][]> {
  const pages: number[][] = [];
  for (let next: string | null | undefined = url; next; ) {
    const list = await listed(app, next);
    assert.notEqual(list.next, undefined, 'a page says what comes next, or null');
    const page = idsOf(list);
    pages.push(page);
    assert.ok(pages.length < 1_000, 'it ends');
    next = list.next;
    await between(page);
  }
  return pages;
}

export const cacheStatus = async (app: FastifyInstance, url: string): Promise<string> =>
  String((await app.inject(url)).headers['cache-status']);
