import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { applyMigrations } from '../src/database/migrate/migrate.ts';
import { openEmbeddedPostgres } from '../src/embedded/postgres.ts';
import { packageRoot } from '../src/platform/package-root.ts';
import type { Scope } from './scope.ts';

/** The scripts of every migration. */
export const migrations = join(packageRoot, 'prisma', 'migrations');

/** What test/run.ts has started for the tests: a server, and a migrated database on it. */
const { TEST_POSTGRES, TEST_TEMPLATE } = process.env;

/**
 * A database of its own, dropped at the end of `t`. Migrated unless told otherwise: a copy of the template of the test
 * run; outside of one, on the server of `DATABASE_URL` or an embedded one.
 */
export async function scratchDatabase(t: Scope, { migrated = true } = {}): Promise<string> {
  const server = TEST_POSTGRES ?? (await openServer(t));
  const name = `test_${randomBytes(6).toString('hex')}`;
  const isCopy = migrated && TEST_TEMPLATE !== undefined;
  const template = isCopy ? `TEMPLATE ${TEST_TEMPLATE}` : '';
  await execute(server, `CREATE DATABASE ${name} ${template} STRATEGY file_copy`); // The other one takes ten times as long.
  t.teardown(() => execute(server, `DROP DATABASE ${name} WITH (FORCE)`));
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  if (migrated && !isCopy) await applyMigrations(url, migrations);
  return url;
}

/** Runs SQL as `psql` would: past the extension, on a connection of its own. */
export async function execute(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // The server may be stopped: the query fails with it.
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The same database with one more parameter in its URL. */
export function withParameter(url: string, name: string, value: string): string {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
}

async function openServer(t: Scope): Promise<string> {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL;
  const postgres = await openEmbeddedPostgres(join(packageRoot, '.data', 'test'));
  t.teardown(() => postgres.close());
  return postgres.url;
}
