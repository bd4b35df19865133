import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { SchemaEngineAdapter } from '../../../src/database/migrate/adapter.ts';
import { applyMigrations } from '../../../src/database/migrate/migrate.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';

const migrations = join(packageRoot, 'prisma/migrations');
const names = (await readdir(migrations)).filter((name) => /^\d/.test(name)).sort();
const FIRST = '20250101000000_first';
const UNREACHABLE = 'postgresql://postgres:secret@127.0.0.1:1/listings';

t.test('migrations are applied in order, and a second time there is nothing left to apply', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  t.strictSame(await applyMigrations(url, migrations), names);
  t.strictSame(await applyMigrations(url, migrations), []);
  t.equal((await execute(url, 'SELECT FROM properties_property')).rowCount, 0);
});

t.test('instances that start at once on an empty schema apply every migration once', async (t) => {
  const url = `${await scratchDatabase(t, { migrated: false })}?schema=the%20listings`;
  const applied = await Promise.all([1, 2, 3].map(() => applyMigrations(url, migrations)));
  t.strictSame(applied.flat(), names);
  t.equal((await execute(url, 'SELECT FROM "the listings".properties_property')).rowCount, 0);
});

t.test('no connection is left when the migrations are applied or have failed', async (t) => {
  const url = await scratchDatabase(t);
  await t.rejects(applyMigrations(url, folderOf(t, 'SELECT nothing')));
  const sessions = 'SELECT FROM pg_stat_activity WHERE datname = current_database()';
  while ((await execute(url, sessions)).rowCount !== 1); // The one that asks. PostgreSQL ends one a moment after its client.
  t.pass();
});

t.test('a migration may define a function whose body has semicolons', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const body = 'BEGIN PERFORM 1; RETURN 42; END';
  const sql = `CREATE FUNCTION answer() RETURNS int LANGUAGE plpgsql AS $$ ${body} $$; SELECT 1;`;
  t.strictSame(await applyMigrations(url, folderOf(t, sql)), [FIRST]);
  t.strictSame((await execute(url, 'SELECT answer()')).rows, [{ answer: 42 }]);
});

t.test('a failure is told in one line: what happened, to what, and what to do next', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const missing = url.replace(/test_\w+/, '$&_missing');
  const failures = [
    { why: /ECONNREFUSED 127\.0\.0\.1:1/, url: UNREACHABLE },
    { why: /"test_\w+_missing" does not exist/, url: missing },
    { why: /no PostgreSQL URL: write postgresql:/, url: 'mysql://127.0.0.1/listings' },
    { why: /no PostgreSQL URL: write postgresql:/, url: 'postgresql://secret@:x' },
    { why: /nothing/, url, folder: folderOf(t, 'SELECT nothing') },
    { why: /ENOENT/, url, folder: join(packageRoot, 'prisma/nowhere') },
  ];
  for (const { why, url, folder = migrations } of failures) {
    const error = await applyMigrations(url, folder).catch(({ message }: Error) => message);
    t.match(error, why);
    t.match(error, 'DATABASE_URL');
    t.notMatch(error, '\n', 'one line');
    t.notMatch(error, 'secret');
  }
});

t.test(
  'where nothing is pending nothing is waited for: the lock may be held, and another release may have failed',
  async (t) => {
    const url = await scratchDatabase(t);
    await holdLock(t, url);
    t.strictSame(await applyMigrations(url, migrations), []);
    await execute(url, begun('29990101000000_newer'));
    const warnings: string[] = [];
    t.strictSame(await applyMigrations(url, migrations, { warn: (text) => warnings.push(text) }), []);
    t.match(
      warnings.join(),
      /^29990101000000_newer of another release failed: .*`npx prisma migrate resolve`/,
    );
  },
);

t.test('while another session has the lock the wait names it, and goes on when it ends', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const { name, release } = await holdLock(t, url);
  const waits: string[] = [];
  const waitsFor = (what: string) => {
    if (waits.push(what) === 1) void release();
  };
  t.strictSame(await applyMigrations(url, migrations, { waitsFor }), names);
  t.equal(waits[0], `the migration lock, which session ${name} has`);
  t.strictSame(
    waits.slice(-names.length),
    names.map((name) => `migration ${name}`),
  );
});

t.test('a lock that is held for too long is an error that says who has it and what to do', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const { name } = await holdLock(t, url);
  const { message } = await rejection(applyMigrations(url, migrations, { patience: 0 }));
  t.match(
    message,
    `was not migrated: session ${name} has held the migration lock for more than 0 seconds. Wait`,
  );
});

t.test('a session that PostgreSQL ends while it waits for the lock is what the error is about', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  await holdLock(t, url);
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'other'`;
  const waitsFor = () => void execute(url, end);
  const { message } = await rejection(applyMigrations(url, migrations, { waitsFor }));
  t.match(message, /was not migrated: terminating connection due to administrator command\. Run/);
});

t.test('what another instance has applied meanwhile is not applied again', async (t) => {
  const url = await scratchDatabase(t);
  const folder = folderOf(t, 'SELECT nothing');
  const { release } = await holdLock(t, url);
  const [migration] = await readdir(folder);
  const waitsFor = () => void execute(url, finished(String(migration))).then(release);
  t.strictSame(await applyMigrations(url, folder, { waitsFor }), []);
});

t.test(
  'a migration that is interrupted leaves nothing, not even a session, and is applied the next time',
  async (t) => {
    const url = await scratchDatabase(t, { migrated: false });
    const folder = folderOf(t, 'CREATE TABLE half (); SELECT pg_sleep(0)');
    const stop = new AbortController();
    const waitsFor = () => stop.abort('SIGTERM');
    t.equal(
      await applyMigrations(url, folder, { signal: stop.signal, waitsFor }).catch((reason) => reason),
      'SIGTERM',
    );
    t.strictSame(await records(url), []);
    t.strictSame(await applyMigrations(url, folder), [FIRST]);
    t.match(await records(url), [{ isFinished: true, applied_steps_count: 1 }]);
  },
);

t.test('one whose session PostgreSQL ends in the middle is rolled back with its record', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const cut = folderOf(t, 'CREATE TABLE half (); SELECT pg_terminate_backend(pg_backend_pid())');
  await t.rejects(applyMigrations(url, cut), /was not migrated: .*terminat/);
  t.strictSame(await records(url), []);
  await t.rejects(execute(url, 'SELECT FROM half'), { code: '42P01' });
  t.strictSame(await applyMigrations(url, folderOf(t, 'CREATE TABLE half ()')), [FIRST]);
});

t.test('one that fails by its own fault is refused until it is resolved, as Prisma has it', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  await t.rejects(applyMigrations(url, folderOf(t, 'CREATE TABLE half (); SELECT nothing')), /nothing/);
  t.match(await records(url), [{ isFinished: false, logs: /nothing/ }]);
  await t.rejects(execute(url, 'SELECT FROM half'), { code: '42P01' });
  const whole = folderOf(t, 'CREATE TABLE half ()');
  const { message } = await rejection(applyMigrations(url, whole));
  t.match(
    message,
    new RegExp(`${FIRST} failed.*\\. Run \`npx prisma migrate resolve\` with --applied .* --rolled-back$`),
  );
  await execute(url, 'UPDATE _prisma_migrations SET rolled_back_at = now()');
  t.strictSame(await applyMigrations(url, whole), [FIRST]);
});

t.test('a record without a script after it is written all the same', async (t) => {
  const url = await scratchDatabase(t);
  const adapter = new SchemaEngineAdapter(url);
  t.teardown(() => adapter.close());
  const session = await adapter.connect();
  const text = { scalarType: 'string', arity: 'scalar' } as const;
  await session.queryRaw({
    sql: 'INSERT INTO "_prisma_migrations" ("id","checksum","started_at","migration_name") VALUES ($1,$2,$3,$4)',
    args: ['1', '', '2999-01-01T00:00:00Z', FIRST],
    argTypes: [text, text, { scalarType: 'datetime', arity: 'scalar' }, text],
  });
  await session.executeRaw({ sql: 'SELECT 1', args: [], argTypes: [] });
  t.match((await records(url)).at(-1), { migration_name: FIRST, isFinished: false });
});

t.test('one that PostgreSQL does not take in a transaction is applied by itself', async (t) => {
  const url = await scratchDatabase(t);
  const sql = 'CREATE INDEX CONCURRENTLY by_title ON properties_property (title)';
  t.strictSame(await applyMigrations(url, folderOf(t, sql)), [FIRST]);
  t.match((await records(url)).at(-1), { isFinished: true });
});

t.test('one that commits by itself and then fails has a record that says so', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  await t.rejects(
    applyMigrations(url, folderOf(t, 'CREATE TABLE half (); COMMIT; SELECT nothing')),
    /nothing/,
  );
  t.match(await records(url), [{ isFinished: false, logs: /nothing/ }]);
  t.equal((await execute(url, 'SELECT FROM half')).rowCount, 0);
});

/** Another session that has the lock of the migrations: what the message calls it. */
async function holdLock(t: Test, url: string) {
  const client = new pg.Client({ connectionString: url, application_name: 'other' });
  await client.connect();
  const release = () => client.end();
  t.teardown(release);
  const { rows } = await client.query('SELECT pg_advisory_lock(72707369), pg_backend_pid() AS pid');
  return { name: `${rows[0].pid} (other)`, release };
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  );
}

async function records(url: string): Promise<object[]> {
  const sql = 'SELECT *, finished_at IS NOT NULL AS "isFinished" FROM _prisma_migrations ORDER BY started_at';
  return (await execute(url, sql)).rows;
}

const begun = (name: string) =>
  `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (gen_random_uuid(), '', '${name}')`;
const finished = (name: string) =>
  `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES (gen_random_uuid(), '', '${name}', now())`;

/** A folder with one migration of this SQL. */
function folderOf(t: Test, sql: string): string {
  return t.testdir({
    'migration_lock.toml': 'provider = "postgresql"',
    [FIRST]: { 'migration.sql': sql },
  });
}
