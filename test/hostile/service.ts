import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import t, { type Test } from 'tap';
import { namesOf } from '../../src/features/properties/column-sql.ts';
import { COLUMNS } from '../../src/features/properties/columns.ts';
import { execute } from '../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../support/redis.ts';
import { build, LISTING, write } from '../helpers/app.ts';
import { withoutShape } from '../helpers/page-shapes.ts';
import { attackOn, portOf, writtenKeys } from './fixture.ts';
import { harmTo } from './model.ts';
import { KeptConnection, type RawAnswer } from './raw-http.ts';
import { FIELDS, type Hostile, hostile, LIST, pipelines, ROW, SHAPES } from './shapes.ts';

/**
 * The whole service under hostile requests. The model is the same service with a cache that is never trusted, so that
 * it asks the database each time, and, for the innocent client, the rows of the database themselves.
 */

const ROWS = 12;
const RUNS = 12;

/** What the innocent client asks for, one after the other. */
const CODINGS = [undefined, 'gzip', 'br', 'gzip, deflate, br'];

type Command =
  | { readonly kind: 'requests'; readonly requests: readonly Hostile[] }
  | { readonly kind: 'write'; readonly title: string };

const kinds = [
  { name: 'memory', skip: false, shapes: SHAPES, environment: async () => ({}) },
  {
    name: 'Redis',
    skip: skipWithoutRedis,
    shapes: [], // What a request looks like has nothing to do with where the pages are.
    environment: async (t: Test) => ({ REDIS_URL: await scratchRedis(t) }),
  },
  {
    name: 'Redis alone',
    skip: skipWithoutRedis,
    shapes: [],
    environment: async (t: Test) => ({ REDIS_URL: await scratchRedis(t), CACHE_LOCAL: 'off' }),
  },
] as const;

for (const { name, skip, shapes, environment } of kinds) {
  t.test(`hostile requests to the service, over ${name}`, { skip }, async (t) => {
    const world = await openWorld(t, await environment(t));

    t.test(
      'each of them is answered as without a cache, and no other client gets anything of it',
      async (t) => {
        const sent = [...shapes, ...pipelines(FIELDS)];
        for (const requests of sent) {
          const fault = await world.run({ kind: 'requests', requests });
          if (fault) t.fail(fault, { requests });
        }
        t.ok(world.innocentHits() > sent.length, 'the innocent client was answered from the cache');
      },
    );

    t.test('so are any of them together, between writes', async (t) => {
      const command: fc.Arbitrary<Command> = fc.oneof(
        {
          weight: 12,
          arbitrary: fc.record({
            kind: fc.constant('requests' as const),
            requests: fc.array(hostile(), { minLength: 1, maxLength: 2 }),
          }),
        },
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constant('write' as const), title: fc.string({ minLength: 1 }) }),
        },
      );
      const property = fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 8 }),
        async (commands) => {
          for (const given of commands) {
            const fault = await world.run(given);
            if (fault) throw new Error(fault);
          }
        },
      );
      await fc.assert(property, { numRuns: RUNS, includeErrorInReport: true });
      t.pass('no run found a fault');
    });

    t.test(
      'the store has nothing but the pages of the rows that there are, and buckets for questions',
      async (t) => {
        const ids = await world.everyId();
        const pages = [LIST, ...ids.map((id) => `/properties/${id}/`)];
        const encoded = ['br', 'gzip'].map((coding) => `pages:${coding}:${LIST}`);
        const expected = new Set([
          ...pages.map((page) => `pages:${page}`),
          ...encoded,
          'data:all_properties',
        ]);
        const keys = new Set([...world.keys].map(withoutShape));
        for (const key of keys) t.ok(expected.has(key) || isOfQuestions(key), key);
        t.ok(encoded.every((key) => keys.has(key)));
      },
    );
  });
}

/** The page of what is counted without a question, and the buckets that all questions share. */
function isOfQuestions(key: string): boolean {
  const page = key.replace(/^pages:(br:|gzip:)?/, '');
  const [, bucket] = /^\/properties\/(?:count\/)?\?~(\d+)$/.exec(page) ?? [];
  return page === '/properties/count/' || (bucket !== undefined && Number(bucket) < 1_024);
}

async function openWorld(t: Test, env: Record<string, string>) {
  const app = await build(t, env);
  const database = app.config.DATABASE_URL ?? '';
  await execute(
    database,
    `INSERT INTO properties_property (title, description, price, location)
       SELECT 'Listing ' || n, repeat('Bright, "quiet" – naïve. ', 8), n * 10.5, 'Accra' FROM generate_series(1, ${ROWS}) n`,
  );
  const twin = await build(t, { DATABASE_URL: database });
  twin.caches.distrust('the test');
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  const keys = writtenKeys(app.caches.store);
  const ports = { subject: await portOf(app), model: await portOf(twin) };
  const innocent = new KeptConnection(ports.subject);
  const model = new KeptConnection(ports.model);
  t.teardown(async () => {
    innocent.close();
    model.close();
    await client.end();
  });
  const [listModel, rowModel] = (await model.get([LIST, ROW])) as [RawAnswer, RawAnswer];
  const ids = new Set<number>();
  let turn = 0;
  let hits = 0;

  /** What is wrong with what the innocent client gets now. */
  async function harm(): Promise<string | undefined> {
    const rows = await rowsOf(client);
    for (const { id } of rows) ids.add(id);
    const acceptEncoding = CODINGS[turn % CODINGS.length];
    turn += 1;
    const fields = acceptEncoding === undefined ? [] : [`Accept-Encoding: ${acceptEncoding}`];
    const [list, row] = (await innocent.get([LIST, ROW], fields)) as [RawAnswer, RawAnswer];
    for (const { headers } of [list, row]) if (headers['cache-status']?.includes('; hit')) hits += 1;
    const first = JSON.stringify(rows[0]);
    return (
      harmTo(list, { body: JSON.stringify({ properties: rows }), model: listModel, acceptEncoding }) ??
      harmTo(row, { body: first, model: rowModel, acceptEncoding })
    );
  }

  return {
    keys,
    innocentHits: () => hits,
    everyId: async () => [...ids],
    run: async (command: Command): Promise<string | undefined> => {
      if (command.kind === 'write') await change(app, command.title);
      const fault =
        command.kind === 'requests' ? await attackOn(ports, innocent, command.requests) : undefined;
      const harmed = await harm();
      return fault ?? (harmed && `an innocent client got ${harmed}`);
    },
  };
}

/** Changes the row that the innocent client asks for, and adds and takes away another one. */
async function change(app: FastifyInstance, title: string): Promise<void> {
  await write(app, 'PATCH', ROW, { title });
  const added = await write(app, 'POST', LIST, { ...LISTING, title });
  if (title.length % 2 === 0) await write(app, 'DELETE', String(added.headers.location));
}

interface Row {
  readonly id: number;
}

async function rowsOf(client: pg.Client): Promise<readonly Row[]> {
  const { rows } = await client.query<Record<string, string> & { id: number; created_at: Date }>(
    `SELECT ${namesOf(COLUMNS)} FROM properties_property ORDER BY id`,
  );
  return rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
}
