import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { applyMigrations } from '../../src/database/schema-engine.ts';
import { packageRoot } from '../../src/package-root.ts';
import { execute, scratchDatabase } from '../helpers/database.ts';

const migrations = join(packageRoot, 'prisma/migrations');
const names = (await readdir(migrations)).filter((name) => /^\d/.test(name)).sort();
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
  const { rows } = await execute(url, 'SELECT FROM pg_stat_activity WHERE datname = current_database()');
  t.equal(rows.length, 1, 'the one that asks');
});

t.test('a migration may define a function whose body has semicolons', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const body = 'BEGIN PERFORM 1; RETURN 42; END';
  const sql = `CREATE FUNCTION answer() RETURNS int LANGUAGE plpgsql AS $$ ${body} $$; SELECT 1;`;
  t.strictSame(await applyMigrations(url, folderOf(t, sql)), ['20250101000000_first']);
  t.strictSame((await execute(url, 'SELECT answer()')).rows, [{ answer: 42 }]);
});

t.test('a failure is told in one line: what happened, to what, and what to do next', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const missing = `${url}_missing`;
  const failures = [
    { why: /not reachable: 127\.0\.0\.1:1/, url: UNREACHABLE },
    { why: /does not exist: test_\w+_missing/, url: missing },
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

/** A folder with one migration of this SQL. */
function folderOf(t: Test, sql: string): string {
  return t.testdir({
    'migration_lock.toml': 'provider = "postgresql"',
    '20250101000000_first': { 'migration.sql': sql },
  });
}
