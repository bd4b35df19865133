import t from 'tap';
import { runSeed } from '../../../prisma/seed/command-line.ts';
import { buildApp } from '../../../src/app.ts';
import type { Origin } from '../../../src/cache/telemetry/events.ts';
import { execute, scratchDatabase, withParameter } from '../../../support/database.ts';
import { add, authorization, build, LISTING, write } from '../../helpers/app.ts';
import { skipWithoutPgBouncer, startPgBouncer } from '../../helpers/pgbouncer.ts';
import { titles, until, untilHit } from '../../helpers/redis-topologies.ts';

/** A start that has to fail: what it says. */
async function refusal(env: Record<string, string>): Promise<string> {
  const app = await buildApp({ env, dataDirectory: 'unused' }).catch(({ message }: Error) => message);
  if (typeof app === 'string') return app;
  await app.close();
  return '';
}

/** Enough that the list is more than 32 MB, and is streamed. */
const TOO_LARGE = `INSERT INTO properties_property (title, description, price, location)
  SELECT 'large', repeat('x', 50000), 1, 'Accra' FROM generate_series(1, 700)`;

t.test('through PgBouncer in transaction mode', { skip: skipWithoutPgBouncer }, async (t) => {
  const DIRECT_DATABASE_URL = await scratchDatabase(t, { migrated: false });
  const alter = `ALTER DATABASE ${new URL(DIRECT_DATABASE_URL).pathname.slice(1)} SET`;
  await execute(DIRECT_DATABASE_URL, `${alter} timezone = 'America/New_York'`);
  await execute(DIRECT_DATABASE_URL, `${alter} datestyle = 'German, DMY'`);
  const pgBouncer = await startPgBouncer(t, DIRECT_DATABASE_URL);
  const { url } = pgBouncer;
  const app = await build(t, { DATABASE_URL: url, DIRECT_DATABASE_URL });
  const origins: Origin[] = [];
  app.caches.events.on('invalidation', (_, origin) => origins.push(origin));
  const { id, created_at } = await add(app);
  const page = `/properties/${id}/`;

  t.test('a moment is the same in every answer, whatever the database sets', async (t) => {
    t.ok(Math.abs(Date.parse(created_at) - Date.now()) < 600_000, 'in UTC');
    t.match((await app.inject(page)).json(), { created_at });
    t.match((await app.inject('/properties/')).json(), { properties: [{ created_at }] });
  });

  t.test('pages become hits, and are fresh after a write', async (t) => {
    await untilHit(app);
    t.equal((await write(app, 'PATCH', page, { title: 'new' })).statusCode, 200);
    t.same(await titles(app), ['new']);
  });

  t.test('its own changes are told from those of others', async (t) => {
    await until('the echo is heard', () => origins.some(({ cause }) => cause === 'echo'));
    await execute(url, "SET application_name = 'somebody'; UPDATE properties_property SET title = 'theirs'");
    await until('it is heard', () => origins.some(({ cause }) => cause === 'program'));
    t.match(origins.at(-1), { cause: 'program', by: 'somebody' });
    t.notOk(origins.some(({ cause }) => cause === 'instance'));
    t.same(await titles(app), ['theirs']);
  });

  t.test('of writers that have read the same, If-Match lets one through', async (t) => {
    const etag = String((await app.inject(page)).headers.etag);
    const headers = { authorization, 'if-match': etag };
    const prices = Array.from({ length: 8 }, (_, number) => ({ price: number }));
    const answers = await Promise.all(
      prices.map((payload) => app.inject({ method: 'PATCH', url: page, headers, payload })),
    );
    const codes = answers.map(({ statusCode }) => statusCode).sort();
    t.same(codes, [200, 412, 412, 412, 412, 412, 412, 412]);
  });

  t.test('a bulk load is all or nothing, and so is a transaction', async (t) => {
    const many = Array.from({ length: 1_000 }, () => ({ ...LISTING, title: 'bulk' }));
    t.equal((await write(app, 'POST', '/properties/bulk/', many)).statusCode, 201);
    t.equal((await titles(app)).length, 1_001);
    const failing = app.prisma.$transaction(async (transaction) => {
      await transaction.property.deleteMany({ where: { title: 'bulk' } });
      throw new Error('no');
    });
    await t.rejects(failing, { message: 'no' });
    t.equal((await titles(app)).length, 1_001);
    await app.prisma.$transaction((transaction) =>
      transaction.property.deleteMany({ where: { title: 'bulk' } }),
    );
    t.equal((await titles(app)).length, 1);
  });

  t.test('many readers share its two connections', async (t) => {
    const urls = Array.from({ length: 40 }, (_, number) => `/properties/?min_price=${number}&limit=5`);
    const answers = await Promise.all(urls.map((url) => app.inject(url)));
    t.ok(answers.every(({ statusCode }) => statusCode === 200));
  });

  t.test('readers of streams keep none of its connections', async (t) => {
    await execute(DIRECT_DATABASE_URL, TOO_LARGE);
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    const slow = await Promise.all([1, 2, 3].map(() => fetch(`${address}/properties/`)));
    for (const { headers } of slow) t.match(headers.get('cache-status'), 'detail=too-large');
    t.equal((await app.inject(page)).statusCode, 200, 'while they read');
    const bodies = await Promise.all(slow.map((answer) => answer.text()));
    for (const body of bodies) t.equal(JSON.parse(body).properties.length, 701);
  });

  t.test('it is stopped and started again: the service goes on by itself', async (t) => {
    await pgBouncer.stop();
    t.equal((await write(app, 'PATCH', page, { title: 'lost' })).statusCode, 503);
    await pgBouncer.start();
    t.equal((await write(app, 'PATCH', page, { title: 'back' })).statusCode, 200);
    t.equal((await app.inject(page)).json().title, 'back');
  });

  t.test('the seed and the migrations go to PostgreSQL itself', async (t) => {
    await pgBouncer.stop();
    let said = '';
    const output = { write: (text: string) => (said += text) };
    const env = { DATABASE_URL: url, DIRECT_DATABASE_URL };
    const code = await runSeed(['--count', '5', '--flush'], {
      env,
      dataDirectory: 'unused',
      output,
      errors: output,
    });
    t.match([code, said], [0, /^Added 5 listings/]);
  });
});

t.test(
  'without DIRECT_DATABASE_URL a pooler is refused at the start',
  { skip: skipWithoutPgBouncer },
  async (t) => {
    const database = await scratchDatabase(t, { migrated: false });
    const accepting = { ignore_startup_parameters: 'extra_float_digits, options' };
    await Promise.all(
      [{}, accepting, { ...accepting, default_pool_size: '1' }].map(async (settings) => {
        const { url } = await startPgBouncer(t, database, settings);
        t.match(
          await refusal({ DATABASE_URL: url }),
          /^Database test_\w+ at .* is behind a pooler \(.*\): set DIRECT_DATABASE_URL to PostgreSQL itself$/,
        );
      }),
    );
    const tables = 'SELECT FROM pg_tables WHERE schemaname = current_schema()';
    t.equal((await execute(database, tables)).rowCount, 0, 'and nothing was migrated');
  },
);

t.test('a pooler that keeps sessions needs no other URL', { skip: skipWithoutPgBouncer }, async (t) => {
  const settings = { pool_mode: 'session', ignore_startup_parameters: 'options', default_pool_size: '20' };
  const { url } = await startPgBouncer(t, await scratchDatabase(t), settings);
  const app = await build(t, { DATABASE_URL: url });
  const { id } = await add(app);
  await untilHit(app);
  await execute(url, `UPDATE properties_property SET title = 'theirs' WHERE id = ${id}`);
  await until('it is heard', async () => (await titles(app))[0] === 'theirs');
});

t.test('?schema= needs a role that looks there', { skip: skipWithoutPgBouncer }, async (t) => {
  const database = await scratchDatabase(t, { migrated: false });
  const DIRECT_DATABASE_URL = withParameter(database, 'schema', 'listings');
  const first = await startPgBouncer(t, DIRECT_DATABASE_URL);
  const env = { DATABASE_URL: first.url, DIRECT_DATABASE_URL };
  t.match(await refusal(env), /^DATABASE_URL does not find the table.* search_path = "listings"$/);
  await execute(database, `ALTER DATABASE ${new URL(database).pathname.slice(1)} SET search_path = listings`);
  const second = await startPgBouncer(t, DIRECT_DATABASE_URL);
  const app = await build(t, { ...env, DATABASE_URL: second.url });
  await add(app);
  t.same(await titles(app), [LISTING.title]);
  t.equal((await execute(database, 'SELECT FROM listings.properties_property')).rowCount, 1);
});
