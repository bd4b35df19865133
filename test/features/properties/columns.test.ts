import Fastify from 'fastify';
import pg from 'pg';
import t, { type Test } from 'tap';
import { type TSchema, Type } from 'typebox';
import { addListings, quoted } from '../../../prisma/seed/add-listings.ts';
import { amount, integer, optional, text } from '../../../src/features/properties/column-kinds.ts';
import {
  aroundBytesOf,
  insertOf,
  jsonOf,
  longBytesOf,
  textBytesOf,
} from '../../../src/features/properties/column-sql.ts';
import {
  answersOf,
  COLUMNS,
  type Columns,
  dataOf,
  inputsOf,
  unsentOf,
} from '../../../src/features/properties/columns.ts';
import { EVERY_PROPERTY } from '../../../src/features/properties/lists/list-query.ts';
import { listStatement } from '../../../src/features/properties/lists/list-statements.ts';
import { answeredBy } from '../../../src/features/properties/property.ts';
import { validation } from '../../../src/features/properties/validation.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { add, authorization, build, empty, settled, write } from '../../helpers/app.ts';

async function connected(t: Test, connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  t.teardown(() => client.end());
  return client;
}

const INPUTS: Readonly<Record<string, TSchema>> = inputsOf(COLUMNS);

const exampleOf = (schema: TSchema): unknown => Reflect.get(schema, 'examples')[0];

/** A listing with a value in every field, and one that has another in each. */
const ONE = Object.fromEntries(Object.entries(INPUTS).map(([name, schema]) => [name, exampleOf(schema)]));
const OTHER = Object.fromEntries(Object.entries(ONE).map(([name, value]) => [name, unlike(value)]));

function unlike(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  return /^[\d.]+$/.test(String(value)) ? '7.00' : `${value} 2`;
}

t.test(
  'the list has the columns of the table in their types, and leaves the words to PostgreSQL',
  async (t) => {
    const { rows } = await execute(
      await scratchDatabase(t),
      `SELECT attname AS name, typname AS type, attnotnull AS required FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
      WHERE attrelid = 'properties_property'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'words'`,
    );
    const TYPES: Readonly<Record<string, string>> = { int4: 'integer', varchar: 'text' };
    const there = rows.map(({ name, type, required }) => [name, TYPES[type] ?? type, !required]);
    const listed = Object.entries(COLUMNS).map(([name, { type, isOptional }]) => [name, type, isOptional]);
    t.strictSame(listed.sort(), there.sort());
  },
);

t.test(
  'every field that is sent is kept, by whatever way it comes, and answered by every other',
  async (t) => {
    const app = await build(t);
    const answers = async (id: number) => {
      const { text, values } = listStatement(EVERY_PROPERTY);
      const stream = await app.rowStreams.open(text, values, { start: '[', end: ']' });
      const pieces: Buffer[] = [];
      for await (const piece of stream) pieces.push(Buffer.from(piece));
      const lists = [
        (await app.inject('/properties/')).json().properties,
        (await app.inject('/properties/?limit=1000')).json().properties,
        (await app.inject('/properties/?sort=-id')).json().properties.toReversed(),
        JSON.parse(Buffer.concat(pieces).toString()),
      ];
      const one = (await app.inject(`/properties/${id}/`)).json();
      return [one, ...lists.map((list) => list.at(-1))];
    };
    const isAnswered = async (id: number, expected: object, way: string) => {
      for (const answer of await answers(id)) {
        t.match(answer, expected, way);
        t.strictSame(Object.keys(answer), Object.keys(COLUMNS), way);
      }
    };

    const { id } = await add(app, ONE);
    const url = `/properties/${id}/`;
    await isAnswered(id, ONE, 'POST');
    await settled(app, () => write(app, 'PUT', url, OTHER));
    await isAnswered(id, OTHER, 'PUT');
    for (const [name, value] of Object.entries(ONE))
      await settled(app, () => write(app, 'PATCH', url, { [name]: value }));
    await isAnswered(id, ONE, 'PATCH');
    const required = Object.fromEntries(
      Object.entries(OTHER).filter(([name]) => !Object.hasOwn(unsentOf(COLUMNS), name)),
    );
    await settled(app, () => write(app, 'PUT', url, required));
    await isAnswered(id, { ...required, ...unsentOf(COLUMNS) }, 'PUT without what may be left out');

    const bulk = await settled(app, () => write(app, 'POST', '/properties/bulk/', [OTHER, ONE]));
    t.match(bulk.json().properties, [OTHER, ONE]);
    await isAnswered(id + 2, ONE, 'bulk');
    await settled(app, () =>
      app.inject({
        method: 'POST',
        url: '/properties/bulk/',
        headers: { authorization, 'content-type': 'application/x-ndjson' },
        payload: `${JSON.stringify(ONE)}\n${JSON.stringify(OTHER)}`,
      }),
    );
    await isAnswered(id + 4, OTHER, 'lines');
    await empty(app);
  },
);

/** Columns that the table does not have, of every kind that may be null. */
const EXTRA = {
  extra_integer: optional(integer(2, { minimum: 0, maximum: 50 })),
  extra_amount: optional(amount('45.50')),
  extra_text: optional(text('To let.')),
  extra_required: integer(3, { minimum: -5, maximum: 200 }),
} satisfies Columns;

const MORE = { ...COLUMNS, ...EXTRA };

const GIVEN = { ...ONE, extra_required: 3, extra_integer: 2, extra_amount: '45.50', extra_text: 'a "b"' };
const LEFT_OUT = { ...OTHER, extra_required: 4 };
const NULLS = { extra_integer: null, extra_amount: null, extra_text: null };

t.test('with more columns, PostgreSQL keeps and answers them, those without a value as null', async (t) => {
  const url = await scratchDatabase(t);
  await execute(
    url,
    `ALTER TABLE properties_property
      ADD extra_integer integer, ADD extra_amount numeric(10,2), ADD extra_text text, ADD extra_required integer NOT NULL DEFAULT 0`,
  );
  const client = await connected(t, url);
  const added = await client.query(insertOf(MORE), [JSON.stringify([GIVEN, LEFT_OUT])]);
  const listings = JSON.parse(`[${added.rows[0].json}]`);
  t.match(listings, [GIVEN, { ...LEFT_OUT, ...NULLS }]);
  t.strictSame(Object.keys(listings[0]), Object.keys(MORE));
  const { rows } = await client.query(
    `SELECT ${jsonOf(MORE)} AS json, ${textBytesOf(MORE)} AS texts, ${longBytesOf(MORE)} AS long
      FROM properties_property ORDER BY id`,
  );
  t.same(
    rows.map(({ json }) => JSON.parse(json)),
    listings,
  );
  const lengths = listings.map((listing: Record<string, string | null>) => {
    const bytes = (name: string) => Buffer.byteLength(listing[name] ?? '');
    const long = bytes('description') + bytes('extra_text');
    return { texts: bytes('title') + bytes('location') + long, long };
  });
  t.match(rows, lengths);
});

t.test("Prisma's rows become the same JSON, and what is sent its data", async (t) => {
  const { price, created_at } = COLUMNS;
  const answer = answeredBy({ price, created_at, ...EXTRA });
  const row = { price: 5, createdAt: new Date(0), extraRequired: 0 };
  const always = { price: '5.00', created_at: '1970-01-01T00:00:00.000Z', extra_required: 0 };
  t.strictSame(answer({ ...row, extraInteger: null, extraAmount: null, extraText: null }), {
    ...always,
    ...NULLS,
  });
  t.strictSame(answer({ ...row, extraInteger: 2, extraAmount: 4, extraText: '' }), {
    ...{ ...always, extra_integer: 2, extra_amount: '4.00', extra_text: '' },
  });
  t.strictSame(dataOf({ title: 'A', extra_integer: 2 }), { title: 'A', extraInteger: 2 });
  t.strictSame(unsentOf(EXTRA), NULLS);
});

t.test('requests may leave such a field out or send null, and nothing else that is wrong', async (t) => {
  const app = Fastify({ ajv: validation });
  t.teardown(() => app.close());
  const response = { 200: Type.Partial(Type.Object(answersOf(MORE))) };
  app.post('/', { schema: { body: Type.Object(inputsOf(MORE)), response } }, async ({ body }) => body);
  const answerTo = async (payload: object) => app.inject({ method: 'POST', url: '/', payload });
  for (const payload of [GIVEN, LEFT_OUT, { ...LEFT_OUT, ...NULLS }]) {
    const answer = await answerTo(payload);
    t.strictSame([answer.statusCode, answer.json()], [200, payload]);
  }
  for (const [field, message] of [
    ['extra_integer', 'a whole number from 0 to 50, or null'],
    ['extra_amount', 'from 0 to 99999999.99 with at most two decimals, as a string or a number, or null'],
    ['extra_text', 'text without NUL, and not blank, or null'],
    ['extra_required', 'a whole number from -5 to 200'],
  ] as const) {
    t.equal((await answerTo({ ...GIVEN, [field]: -6 })).statusCode, 400, field);
    t.equal(Reflect.get(inputsOf(MORE)[field], 'description'), message);
  }
  t.equal((await answerTo({ ...GIVEN, extra_required: null })).statusCode, 400);
});

t.test('the estimate of what a row takes besides its texts grows with the columns', async (t) => {
  const more =
    '"extra_integer":-2147483647,"extra_amount":"-99999999.99","extra_text":"","extra_required":-2147483647,'
      .length;
  t.ok(Math.abs(aroundBytesOf(MORE) - aroundBytesOf(COLUMNS) - more) < 10);
});

t.test('the seed has a value for every field, and copies null as null', async (t) => {
  const url = await scratchDatabase(t);
  await addListings(await connected(t, url), { count: 50, flush: false, seed: 1 }, () => {});
  for (const name of Object.keys(COLUMNS)) {
    const { rows } = await execute(url, `SELECT count(${name})::int AS values FROM properties_property`);
    t.not(rows[0].values, 0, name);
  }
  t.equal(quoted(null), '');
});
