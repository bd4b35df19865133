import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import type { Test } from 'tap';
import { applyMigrations } from '../../src/database/schema-engine.ts';
import { openEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { packageRoot } from '../../src/package-root.ts';
import { temporaryFolder } from '../embedded/fixture.ts';
import type { Scope } from './scope.ts';

const migrations = join(packageRoot, 'prisma', 'migrations');

/**
 * A database of its own for a test file, dropped at its end: on the server of `DATABASE_URL`, else on an
 * embedded one that all test files share. Migrated unless told otherwise.
 */
export async function scratchDatabase(t: Scope, { migrated = true } = {}): Promise<string> {
  const server = await openServer(t);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name}`);
  t.teardown(() => execute(server, `DROP DATABASE ${name} WITH (FORCE)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (migrated) await applyMigrations(url.href, migrations);
  return url.href;
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

/** A PostgreSQL that nobody else uses, which the test may stop and start again at the same address. */
export async function privatePostgres(t: Scope) {
  const folder = await temporaryFolder(t as Test); // It uses no more of it than a Scope has.
  let { url, close } = await openEmbeddedPostgres(folder);
  await applyMigrations(url, migrations);
  return {
    url,
    /** Where its files are. */
    cluster: join(folder, 'postgres'),
    stop: () => close(),
    start: async () => {
      ({ url, close } = await openEmbeddedPostgres(folder));
      t.teardown(() => close());
    },
  };
}

async function openServer(t: Scope): Promise<string> {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL;
  const postgres = await openEmbeddedPostgres(join(packageRoot, '.data', 'test'));
  t.teardown(() => postgres.close());
  return postgres.url;
}
