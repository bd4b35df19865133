import assert from 'node:assert/strict';
import pg from 'pg';
import t from 'tap';
import { createPrisma } from '../../src/coherence/client.ts';
import { findProperties } from '../../src/features/properties/find-properties.ts';
import type { ListQuery } from '../../src/features/properties/lists/list-query.ts';
import { pageStatement } from '../../src/features/properties/lists/page-statement.ts';
import { parseListQuery } from '../../src/features/properties/lists/parameters.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { answerTo, type ModelQuery, type Row, rowsIn, SORTS } from '../features/properties/lists/model.ts';

/** Many more rows than are looked at in order before the filters' indexes are asked. */
const ROWS = 60_000;
const MIDDLE = ROWS / 2;

const url = await scratchDatabase(t);
const prisma = createPrisma({
  url,
  tagsOf: { Property: () => [] },
  everything: [],
  invalidate: async () => {},
  onConnectionLost: t.fail,
});
t.teardown(() => prisma.$disconnect());
const client = new pg.Client({ connectionString: url, options: '-c jit=off' });
await client.connect();
t.teardown(() => client.end());

/**
 * In the order of every sort the middle is far from both ends. There are the rare words: 20 times in a title, 40 times
 * elsewhere; and the rare location. `busy` is in every title of Accra, and elsewhere rare too. Ties are in threes and
 * tens.
 */
await execute(
  url,
  `ALTER TABLE properties_property DISABLE TRIGGER USER;
   INSERT INTO properties_property (id, title, description, price, location, created_at)
   SELECT i,
     CASE WHEN i % 3 = 0 AND i BETWEEN ${MIDDLE} + 1 AND ${MIDDLE} + 60 THEN 'villa ' ELSE 'flat ' END
       || CASE WHEN i % 10 = 0 OR i BETWEEN ${MIDDLE} AND ${MIDDLE} + 99 THEN 'busy' ELSE 'calm' END,
     CASE WHEN i BETWEEN ${MIDDLE} + 1 AND ${MIDDLE} + 60 THEN 'villa' ELSE 'garden' END,
     i / 10,
     CASE WHEN i BETWEEN ${MIDDLE} + 11 AND ${MIDDLE} + 30 THEN 'École' ELSE
       (ARRAY['Accra','Tema','Kumasi','Osu','Ho','Keta','Axim','Wa','Tamale','Bole'])[i % 10 + 1] END,
     timestamptz '2025-01-01Z' + (i / 3) * interval '1 minute'
   FROM generate_series(1, ${ROWS}) AS i ORDER BY i * 7919 % ${ROWS}; -- Else their order on disk is an index too.
   ANALYZE properties_property`,
);
const rows: readonly Row[] = await rowsIn(url);

const byId = new Map(rows.map((row) => [row.id, row]));

const minute = (minutes: number) => new Date(Date.UTC(2025, 0, 1) + minutes * 60_000).toISOString();

function listQueryOf(query: object): ListQuery {
  const parsed = parseListQuery({ ...query });
  if ('value' in parsed) return parsed.value;
  throw new Error(JSON.stringify(parsed.errors));
}

/** The ids of the pages of a list query, from a cursor on. */
async function pagesOf(
  asked: ModelQuery,
  limit: number,
  most = Number.POSITIVE_INFINITY,
): Promise<number[][]> {
  const pages: number[][] = [];
  for (let listQuery: ListQuery | undefined = listQueryOf({ ...asked, limit: String(limit) }); listQuery; ) {
    const { properties, next } = await findProperties(prisma, { ...listQuery, limit });
    pages.push(JSON.parse(String(properties)).map(({ id }: { id: number }) => id));
    if (next === undefined || pages.length >= most) break;
    listQuery = listQueryOf(queryIn(next));
  }
  return pages;
}

function queryIn(path: string): Record<string, string[]> {
  const { searchParams } = new URL(path, 'http://x');
  return Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]),
  );
}

const chunks = (ids: readonly number[], size: number): number[][] =>
  Array.from({ length: Math.max(1, Math.ceil(ids.length / size)) }, (_, i) =>
    ids.slice(i * size, (i + 1) * size),
  );

t.test(
  'few rows far from the beginning are found, in pages shorter than they are, as long and longer',
  async (t) => {
    const few: readonly ModelQuery[] = [
      { q: 'villa' },
      { q: 'villa', location: ['accra', 'ÉCOLE', 'tema'] },
      { q: 'villa flat' },
      { location: ['école'] },
      { location: ['École', 'Nowhere'] },
      { min_price: String(MIDDLE / 10), max_price: String(MIDDLE / 10 + 3) },
      { created_after: minute(MIDDLE / 3), created_before: minute(MIDDLE / 3 + 12) },
      {
        q: 'villa',
        min_price: String(MIDDLE / 10 + 1),
        created_after: minute(0),
        location: ['Keta', 'École', 'Ho'],
      },
      { q: 'villa', location: ['Nowhere'] },
      { q: 'villa nothing' },
    ];
    for (const asked of few) {
      const sorts = asked.q === undefined ? SORTS : [...SORTS, 'relevance'];
      for (const sort of sorts) {
        const expected = answerTo({ ...asked, sort }, rows);
        const { length } = expected;
        for (const limit of new Set([7, Math.max(1, length - 1), Math.max(1, length), length + 1])) {
          const pages = await pagesOf({ ...asked, sort }, limit);
          assert.deepEqual(
            pages,
            chunks(expected, limit),
            `pages of ${limit} of ${JSON.stringify({ ...asked, sort })}`,
          );
        }
      }
      t.pass(JSON.stringify(asked));
    }
  },
);

t.test('locations with many rows at once and locations with few far away are merged', async (t) => {
  for (const asked of [
    { q: 'busy', location: ['accra', 'tema'] },
    { q: 'busy', location: ['accra', 'tema', 'École', 'wa', 'nowhere'] },
    { q: 'busy', location: ['tema', 'wa'] },
    { q: 'busy' },
  ]) {
    for (const sort of [...SORTS, 'relevance']) {
      const expected = answerTo({ ...asked, sort }, rows);
      const whole = listQueryOf({ ...asked, sort });
      // The first pages; those around the rare rows in the middle; and the last.
      t.same(
        (await pagesOf({ ...asked, sort }, 50, 2)).flat(),
        expected.slice(0, 100),
        `${sort} ${asked.location}`,
      );
      const rare = expected.findIndex((id) => id >= MIDDLE && id <= MIDDLE + 99 && id % 10 !== 0);
      for (const place of [rare - 30, rare, expected.length - 20]) {
        if (place < 1) continue;
        const after = positionOf(whole, expected[place - 1] ?? 0);
        const { properties } = await findProperties(prisma, { ...whole, limit: 40, after });
        const ids = JSON.parse(String(properties)).map(({ id }: { id: number }) => id);
        assert.deepEqual(ids, expected.slice(place, place + 40), `${sort} ${asked.location} from ${place}`);
      }
    }
  }
});

t.test('a page from far inside the table is as the model has it, for every sort', async (t) => {
  for (const sort of SORTS) {
    const expected = answerTo({ sort }, rows);
    for (const place of [1, 4_999, MIDDLE, ROWS - 3]) {
      const listQuery = listQueryOf({ sort });
      const after = positionOf(listQuery, expected[place - 1] ?? 0);
      const { properties, next } = await findProperties(prisma, { ...listQuery, limit: 5, after });
      const ids = JSON.parse(String(properties)).map(({ id }: { id: number }) => id);
      t.same(ids, expected.slice(place, place + 5), `${sort} from ${place}`);
      t.equal(next === undefined, place + 5 >= ROWS);
    }
  }
});

function positionOf({ sort }: ListQuery, id: number) {
  const row = byId.get(id) ?? assert.fail();
  const values = { id: String(id), price: row.price, created_at: String(row.created) };
  const isVilla = /busy|villa/.test(row.title); // What is asked by relevance here is in a title or nowhere.
  return { id, value: sort.by === 'relevance' ? (isVilla ? '0' : '1') : values[sort.by] };
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

async function explain(listQuery: ListQuery, limit = 50): Promise<Plan[]> {
  const { text, values } = pageStatement(listQuery, limit);
  const { rows } = await client.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values]);
  return nodesOf(rows[0]['QUERY PLAN'][0].Plan);
}

const INDEX_OF_SORT = { id: 'pkey', price: 'price_id_idx', created_at: 'created_at_id_idx' } as const;
const BY_PLACE = {
  id: 'location_',
  price: 'location_price_id_idx',
  created_at: 'location_created_at_id_idx',
} as const;

const FILTERS: readonly (readonly [filter: keyof ModelQuery | 'none', asked: ModelQuery, index: string])[] = [
  ['none', {}, ''],
  ['location', { location: ['ACCRA'] }, 'location_'],
  ['location', { location: ['Accra', 'Nowhere', 'École'] }, 'location_'],
  ['min_price', { min_price: String(ROWS / 10 - 100) }, 'price_id_idx'],
  ['max_price', { max_price: '100' }, 'price_id_idx'],
  ['q', { q: 'villa' }, 'words_idx'],
  ['created_after', { created_after: minute(ROWS / 3 - 300) }, 'created_at_id_idx'],
  ['created_before', { created_before: minute(300) }, 'created_at_id_idx'],
];

/** The index that a list query's order is read from, and that which finds the few rows of its filter. */
function indexesFor(filter: string, by: 'id' | 'price' | 'created_at', found: string): string[] {
  if (filter === 'location') return by === 'id' ? [INDEX_OF_SORT.id, BY_PLACE.id] : [BY_PLACE[by]];
  const covered =
    filter === 'none' || filter.endsWith(by) || (by === 'created_at' && filter.startsWith('created'));
  return covered ? [INDEX_OF_SORT[by]] : [INDEX_OF_SORT[by], found];
}

t.test('PostgreSQL answers by indexes alone, whatever is sorted and filtered by', async (t) => {
  for (const [filter, asked, found] of FILTERS) {
    for (const sort of SORTS) {
      const listQuery = listQueryOf({ ...asked, sort });
      const { by } = listQuery.sort;
      if (by === 'relevance') continue;
      const expected = answerTo({ ...asked, sort }, rows);
      const far = expected[Math.floor(expected.length / 2)];
      const after = far === undefined ? undefined : positionOf(listQuery, far);
      for (const from of [undefined, after]) {
        const nodes = await explain({ ...listQuery, after: from });
        const what = `${JSON.stringify({ ...asked, sort })}${from ? ' from the middle' : ''}`;
        const indexes = indexesFor(filter, by, found);
        expectIndexes(t, nodes, from ? indexes.slice(0, 1) : indexes, what); // Few rows are left of some orders.
      }
    }
  }
});

t.test('a location with few rows among others is found by its index, whatever else is asked', async (t) => {
  const listQuery = listQueryOf({ location: ['École', 'Accra'], q: 'calm', sort: 'price' });
  for (const after of [undefined, positionOf(listQuery, 100)]) {
    const nodes = await explain({ ...listQuery, after });
    expectIndexes(t, nodes, ['location_'], 'a rare one and a busy one');
    const removed = nodes.map((node) => node['Rows Removed by Filter'] ?? 0);
    t.ok(Math.max(...removed) < ROWS / 5, `${Math.max(...removed)} rows are looked at in vain`);
  }
});

t.test('by relevance each rank has its index, and the second is not looked for in vain', async (t) => {
  const listQuery = listQueryOf({ q: 'villa' });
  const indexes = ['pkey', 'title_words_idx', '_words_idx'];
  expectIndexes(t, await explain(listQuery), indexes, 'both ranks');
  const after = { value: '1', id: MIDDLE };
  expectIndexes(t, await explain({ ...listQuery, after }), ['pkey', '_words_idx'], 'the second rank');
  expectIndexes(
    t,
    await explain(listQueryOf({ q: 'villa', location: ['Accra', 'École'] })),
    [],
    'in locations',
  );
  const full = await explain(listQueryOf({ q: 'flat' }));
  const run = full.filter((node) => (node['Actual Loops'] ?? 0) > 0).map((node) => node['Index Name']);
  t.notOk(
    run.some((name) => name?.includes('words')),
    'many rows need no index of words',
  );
});

function expectIndexes(t: Tap, nodes: readonly Plan[], indexes: readonly string[], what: string): void {
  const scans = nodes.filter((node) => node['Relation Name'] === 'properties_property');
  t.notOk(
    scans.some((node) => node['Node Type'].includes('Seq Scan')),
    `${what} reads no table from end to end`,
  );
  const used = nodes.flatMap((node) => node['Index Name'] ?? []);
  for (const index of indexes)
    t.ok(
      used.some((name) => name.includes(index)),
      `${what} uses ${index}: ${used}`,
    );
}

type Tap = Pick<typeof t, 'ok' | 'notOk'>;
