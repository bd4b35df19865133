import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { answerTo, type ModelQuery, passes, queryOf, type Row, SORTS } from '../lists/model.ts';
import { change, fill, idsOf, listed, row, walk } from './fixture.ts';

const PLACES = [
  'Accra',
  'ACCRA',
  'accra',
  'Osu, Accra',
  'osu, ACCRA',
  'École',
  'ÉCOLE',
  'école',
  'Ärö',
  'ÄRÖ',
];
const WORDS = ['flat', 'Flats', 'VILLA', 'villas', 'école', 'ÉCOLE', 'Ärö', 'the', 'quiet', 'accra'];
const PRICES = ['0.00', '0.01', '9.99', '10.00', '10.01', '99999999.99'];
const BEGIN = Date.parse('2025-08-31T12:00:00.000Z');

const words = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...WORDS), { minLength, maxLength }).map((some) => some.join(' '));

const fields = fc.record({
  title: words(1, 2),
  description: words(1, 2),
  price: fc.constantFrom(...PRICES),
  location: fc.constantFrom(...PLACES),
  created: fc.integer({ min: -3, max: 3 }).map((ms) => BEGIN + ms),
});

const table = fc
  .array(fields, { maxLength: 24 })
  .map((rows): Row[] => rows.map((one, i) => ({ ...one, id: i + 1 })));

const moment = fc.integer({ min: -4, max: 4 }).map((ms) => new Date(BEGIN + ms).toISOString());
const filters = {
  location: fc.array(fc.constantFrom(...PLACES, 'Nowhere'), { minLength: 1, maxLength: 4 }),
  min_price: fc.constantFrom(...PRICES, '10'),
  max_price: fc.constantFrom(...PRICES, '10.0'),
  q: words(1, 2),
  created_after: fc.oneof(moment, fc.constantFrom('2025-08-31', '2025-09-01')),
  created_before: fc.oneof(moment, fc.constantFrom('2025-08-31', '2025-09-01')),
};

const limit = fc.integer({ min: 1, max: 7 });
const unsorted: fc.Arbitrary<ModelQuery> = fc.oneof(
  fc.record(filters, { requiredKeys: [] }),
  fc
    .constantFrom(...Object.keys(filters))
    .chain((name) => fc.record({ [name]: Reflect.get(filters, name) } as never)),
);
const listQuery: fc.Arbitrary<ModelQuery> = unsorted.chain((asked) =>
  fc
    .constantFrom(undefined, ...SORTS, ...(asked.q === undefined ? [] : ['relevance', '-relevance']))
    .map((sort) => (sort === undefined ? asked : { ...asked, sort })),
);

/** Whether a range begins after its end. */
const isWrongWayRound = ({ min_price, max_price, created_after, created_before }: ModelQuery): boolean =>
  Number(min_price) > Number(max_price) || Date.parse(`${created_after}`) > Date.parse(`${created_before}`);

/** Filters, sorts, pages and counts against a model of them in JavaScript. */
export async function answersAsTheModel(t: Test, app: FastifyInstance): Promise<void> {
  await t.test('any list query about any table is answered as the model has it', async () => {
    const asked = fc.array(fc.tuple(listQuery, limit), { minLength: 15, maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(table, asked, async (rows, questions) => {
        await fill(app, rows);
        for (const [asked, limit] of questions) {
          if (isWrongWayRound(asked)) {
            assert.equal((await app.inject(`/properties/${queryOf(asked)}`)).statusCode, 400, queryOf(asked));
            continue;
          }
          const expected = answerTo(asked, rows);
          const whole = await listed(app, `/properties/${queryOf(asked)}`);
          assert.deepEqual(idsOf(whole), expected, `all of ${queryOf(asked)}`);
          assert.equal(whole.next, undefined);

          const pages = await walk(app, `/properties/${queryOf({ ...asked, limit })}`);
          assert.deepEqual(pages.flat(), expected, `pages of ${limit} of ${queryOf(asked)}`);
          assert.equal(pages.length, Math.max(1, Math.ceil(expected.length / limit)), 'no page is short');

          const { sort: _, ...filters } = asked;
          const counted = await app.inject(`/properties/count/${queryOf(filters)}`);
          assert.deepEqual(counted.json(), { count: rows.filter((row) => passes(filters, row)).length });
        }
      }),
      { numRuns: 12, interruptAfterTimeLimit: 20_000 },
    );
  });

  await t.test('every sort, with each filter alone, of one table', async (t) => {
    const rows = fc.sample(fc.array(fields, { minLength: 40, maxLength: 40 }), { numRuns: 1, seed: 7 });
    const table = (rows[0] ?? []).map((one, i): Row => ({ ...one, id: i + 1 }));
    await fill(app, table);
    const alone: ModelQuery[] = [
      {},
      { location: ['accra'] },
      { location: ['ÉCOLE', 'osu, accra', 'Accra'] },
      { min_price: '10.00' },
      { max_price: '9.99' },
      { q: 'flat' },
      { created_after: new Date(BEGIN).toISOString() },
      { created_before: new Date(BEGIN).toISOString() },
    ];
    for (const asked of alone) {
      const sorts = [...SORTS, ...(asked.q === undefined ? [] : ['relevance', '-relevance'])];
      for (const sort of sorts) {
        const query = { ...asked, sort };
        const expected = answerTo(query, table);
        t.ok(expected.length > 0, 'something is found');
        t.same(idsOf(await listed(app, `/properties/${queryOf(query)}`)), expected, queryOf(query));
        const pages = await walk(app, `/properties/${queryOf({ ...query, limit: 6 })}`);
        t.same(pages.flat(), expected, `pages of ${queryOf(query)}`);
      }
    }
  });

  await t.test('a row is the same on a page, in a filtered list and in the whole list', async (t) => {
    await fill(app, [row(1, { title: 'Flat "in" Osu\n', description: 'é 😀 \u2028', price: '99999999.99' })]);
    const [whole] = (await listed(app, '/properties/')).properties;
    t.same((await listed(app, '/properties/?limit=1')).properties, [whole]);
    t.same((await listed(app, '/properties/?q=osu')).properties, [whole]);
    t.equal((await app.inject('/properties/')).body, `{"properties":[${JSON.stringify(whole)}]}`);
    t.equal(
      (await app.inject('/properties/?limit=1')).body,
      `{"properties":[${JSON.stringify(whole)}],"next":null}`,
    );
    t.equal((await app.inject('/properties?limit=1')).body, (await app.inject('/properties/?limit=1')).body);
  });

  await t.test('words are found as they are spelled, in any letter case', async (t) => {
    for (const [title, ...spelled] of [
      ['École', 'école', 'ÉCOLE'],
      ['ΟΔΟΣ', 'ΟΔΟΣ', 'οδοσ'],
      ['οδος', 'οδος'],
      ['İstanbul', 'İstanbul', 'istanbul'],
      ['two-bedroom', 'two-bedroom', 'bedroom', 'TWO bedroom'],
      [`o'neill's`, `o'neill's`],
      ['a & b | !c:*', 'b | !c:*', '&b'],
    ] as const) {
      await fill(app, [row(1, { title })]);
      for (const q of spelled) {
        t.same(idsOf(await listed(app, `/properties/${queryOf({ q })}`)), [1], `${q} in ${title}`);
      }
    }
    for (const q of ['the', '!!!', '&', `'`, ':*', '<->', '\\', 'the a an'])
      t.same(idsOf(await listed(app, `/properties/${queryOf({ q })}`)), [], `${q} is no word`);
  });

  await t.test('a location is found as it is spelled, and in any letter case', async (t) => {
    for (const [location, ...spelled] of [
      ['École', 'éCOLE'],
      ['ΟΔΟΣ', 'ΟΔΟΣ', 'οδος'],
      ['İzmir', 'İzmir', 'İZMIR'],
      ['Straße', 'straße', 'STRAßE'],
      [' % _ \\ ', ' % _ \\ '],
      ['😀'.repeat(100), '😀'.repeat(100)],
      ['İ'.repeat(100), 'İ'.repeat(100)],
    ] as const) {
      const rows = [row(1, { location }), row(2, { location }), row(3, { location: 'elsewhere' })];
      await fill(app, rows);
      for (const given of [location, ...spelled]) {
        for (const sort of ['id', '-price', 'created_at']) {
          const pages = await walk(app, `/properties/${queryOf({ location: [given], sort, limit: 1 })}`);
          t.same(pages.flat().sort(), [1, 2], `${given}, ${location}, by ${sort}`);
        }
      }
    }
  });

  await t.test('a page ends early before its descriptions are more than 4 MB', async (t) => {
    await change(
      app,
      `TRUNCATE properties_property; INSERT INTO properties_property (id, title, description, price, location)
       SELECT i, 'flat', repeat('x', 1500000), 1, 'Accra' FROM generate_series(1, 5) AS i;
       INSERT INTO properties_property (id, title, description, price, location)
       SELECT 6, 'flat', repeat('x', 5000000), 1, 'Accra'`,
    );
    t.same(await walk(app, '/properties/?limit=10'), [[1, 2], [3, 4], [5], [6]]);
    t.same(await walk(app, '/properties/?limit=10&sort=-price'), [[6], [5, 4], [3, 2], [1]]);
    t.same(await walk(app, '/properties/?limit=10&q=flat'), [[1, 2], [3, 4], [5], [6]]);
  });
}
