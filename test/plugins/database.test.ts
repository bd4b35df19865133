import pg from 'pg';
import t from 'tap';
import { buildApp } from '../../src/app.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { build } from '../helpers/app.ts';

t.test('no plugin is cut off by a limit that is not its own', async (t) => {
  t.equal((await build(t)).initialConfig.pluginTimeout, 0);
});

t.test('a start that waits says what for, and ends with nothing left when it is told to', async (t) => {
  const DATABASE_URL = await scratchDatabase(t, { migrated: false });
  const other = new pg.Client({ connectionString: DATABASE_URL, application_name: 'other' });
  t.teardown(() => other.end());
  await other.connect();
  await other.query('SELECT pg_advisory_lock(72707369)');
  const stop = new AbortController();
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
    if (line.includes('the start waits')) stop.abort('SIGTERM');
  };
  const env = { DATABASE_URL, LOG_LEVEL: 'info' };
  const started = buildApp({ env, dataDirectory: 'unused', log: { write }, stop: stop.signal });
  t.equal(await started.catch((reason) => reason), 'SIGTERM');
  t.match(
    lines.join(''),
    /"step":"migrations".*the start waits for the migration lock, which session \d+ \(other\) has/,
  );
  const sessions = 'SELECT FROM pg_stat_activity WHERE datname = current_database()';
  // Until nothing is left but the other session, and the one that asks: PostgreSQL ends one a moment after its client.
  while ((await execute(DATABASE_URL, sessions)).rowCount !== 2);
  t.pass();
});

t.test('a migration of another release that failed is a warning, and no reason not to start', async (t) => {
  const DATABASE_URL = await scratchDatabase(t);
  const name = '29990101000000_newer';
  await execute(
    DATABASE_URL,
    `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (gen_random_uuid(), '', '${name}')`,
  );
  const lines: string[] = [];
  const env = { DATABASE_URL, LOG_LEVEL: 'warn' };
  const app = await buildApp({ env, dataDirectory: 'unused', log: { write: (line) => lines.push(line) } });
  t.teardown(() => app.close());
  t.match(lines.join(''), `${name} of another release failed`);
});
