import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runSeed } from '../../prisma/seed/command-line.ts';
import { buildApp } from '../../src/app.ts';
import { createPrisma } from '../../src/coherence/client.ts';
import { openSession } from '../../src/database/connection.ts';
import { applyMigrations } from '../../src/database/migrate/migrate.ts';
import { openPool } from '../../src/database/open-pool.ts';
import { RowStreams } from '../../src/database/row-streams.ts';
import { EVERYTHING, tagsOf } from '../../src/features/properties/tags.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { execute, scratchDatabase, withParameter } from '../../support/database.ts';
import { recording } from '../coherence/fixture.ts';
import { add, build, LISTING, write } from '../helpers/app.ts';

const migrations = join(packageRoot, 'prisma', 'migrations');

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

/** Settings of a database that a session inherits unless it has its own. */
const INHERITED = [
  `timezone = 'America/New_York'`,
  `datestyle = 'German, DMY'`,
  `intervalstyle = 'sql_standard'`,
  `client_encoding = 'LATIN1'`,
  `search_path = ''`,
  `bytea_output = 'escape'`,
  `standard_conforming_strings = 'off'`,
  `extra_float_digits = -15`,
  `default_transaction_isolation = 'serializable'`,
  `gin_fuzzy_search_limit = 1`,
  `quote_all_identifiers = 'on'`,
  `idle_session_timeout = '1ms'`,
  `idle_in_transaction_session_timeout = '1ms'`,
  `lock_timeout = '1ms'`,
  `statement_timeout = '1ms'`,
];

/** A variable of the environment, until the test ends. */
function setVariable(t: Test, name: string, value: string): void {
  process.env[name] = value;
  t.teardown(() => delete process.env[name]);
}

t.test('whatever a database or the environment sets, a session has what the service needs', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const alter = INHERITED.map((setting) => `ALTER DATABASE ${nameOf(url)} SET ${setting}`);
  await execute(url, `DO $$ BEGIN EXECUTE ${alter.map((sql) => `$x$${sql}$x$`).join('; EXECUTE ')}; END $$`);
  setVariable(t, 'PGOPTIONS', '-c timezone=Asia/Kathmandu -c no_such_setting=1');
  setVariable(t, 'PGAPPNAME', 'somebody');

  const app = await build(t, { DATABASE_URL: url });
  const began = Date.now();
  const location = 'Šibenik';
  const listing = await add(app, { title: 'Wörld \\ "š"', location });
  t.match(listing, { title: 'Wörld \\ "š"', location });
  const created = Date.parse(listing.created_at);
  t.ok(Math.abs(created - began) < 600_000, 'in UTC');
  const page = `/properties/${listing.id}/`;
  t.same((await app.inject(page)).json(), listing);
  for (const question of [
    '',
    '?sort=-created_at&limit=5',
    '?q=w%C3%B6rld',
    `?location=${location}&sort=price`,
  ]) {
    t.same((await app.inject(`/properties/${question}`)).json().properties, [listing], question);
  }
  t.same((await write(app, 'PATCH', page, { price: '7.00' })).json(), { ...listing, price: '7.00' });

  t.same(await applyMigrations(url, migrations), [], 'at a second start');

  let said = '';
  const output = { write: (text: string) => (said += text) };
  await runSeed(['--count', '5'], {
    env: { DATABASE_URL: url },
    dataDirectory: 'unused',
    output,
    errors: output,
  });
  t.match(said, /^Added 5 listings .*\(6 in all\)$/m);
});

t.test('without a schema in the URL it is public, also for a role with a schema of its own', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const role = `test_${randomBytes(6).toString('hex')}`;
  await execute(url, `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT CREATE ON SCHEMA public TO ${role}`);
  t.teardown(() => execute(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`));
  await execute(url, `CREATE SCHEMA ${role} AUTHORIZATION ${role}`);
  const DATABASE_URL = Object.assign(new URL(url), { username: role, password: 'secret' }).href;
  t.not((await applyMigrations(DATABASE_URL, migrations)).length, 0);
  t.same(await applyMigrations(DATABASE_URL, migrations), [], 'at a second start');
  const { prisma } = recording(t, DATABASE_URL);
  await prisma.property.create({ data: LISTING });
  await prisma.$disconnect();
  t.equal((await execute(url, 'SELECT FROM public.properties_property')).rowCount, 1);
});

/** The table, locked by another session until the end of the test. */
async function lockTable(t: Test, url: string): Promise<void> {
  const session = await openSession(url, { name: 'lock' });
  await session.query('BEGIN; LOCK TABLE properties_property');
  t.teardown(() => session.end());
}

t.test('a table that is locked costs no session more: PostgreSQL gives up first', async (t) => {
  const url = await scratchDatabase(t);
  const applicationName = `test ${randomBytes(6).toString('hex')}`;
  const sessions = async (condition = 'true') => {
    const sql = `SELECT FROM pg_stat_activity WHERE application_name = '${applicationName}' AND ${condition}`;
    return (await execute(url, sql)).rowCount ?? 0;
  };
  const pool = openPool({ url, applicationName, statementMs: 300 });
  const prisma = createPrisma({
    url,
    pool,
    tagsOf: { Property: tagsOf },
    everything: EVERYTHING,
    invalidate: async () => {},
    onConnectionLost: () => {},
  });
  t.teardown(() => prisma.$disconnect());
  await lockTable(t, url);
  const answers = await Promise.allSettled([
    ...Array.from({ length: 30 }, () => prisma.property.count()),
    ...Array.from({ length: 10 }, () => prisma.$transaction((tx) => tx.property.create({ data: LISTING }))),
  ]);
  t.ok(answers.every(({ status }) => status === 'rejected'));
  while ((await sessions(`wait_event_type = 'Lock'`)) > 0); // None is left that waits,
  while ((await sessions()) > 10); // nor one more than the pool has.
});

t.test('where a pooler is said to be, a role without a limit of time is warned of', async (t) => {
  const directUrl = await scratchDatabase(t);
  const lines: string[] = [];
  const app = await buildApp({
    env: { DATABASE_URL: withParameter(directUrl, 'pgbouncer', 'true'), DIRECT_DATABASE_URL: directUrl },
    dataDirectory: 'unused',
    log: { write: (line) => lines.push(line) },
  });
  await app.close();
  t.match(lines.join(''), /behind the pooler.* ALTER ROLE … SET statement_timeout = '7500ms'/);
});

t.test('a stream waits for a lock only so long', async (t) => {
  const url = await scratchDatabase(t);
  const streams = new RowStreams({ url, onConnectionLost: () => {}, lockMs: 50 });
  t.teardown(() => streams.close());
  await lockTable(t, url);
  const frame = { start: '', end: '' };
  await t.rejects(streams.open('SELECT title FROM properties_property', [], frame), { code: '55P03' });
});
