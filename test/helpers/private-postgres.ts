import { join } from 'node:path';
import type { Test } from 'tap';
import { applyMigrations } from '../../src/database/migrate/migrate.ts';
import { openEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { migrations } from '../../support/database.ts';
import type { Scope } from '../../support/scope.ts';
import { temporaryFolder } from '../embedded/fixture.ts';

/** A PostgreSQL that no other test uses, which the test may stop and start again at the same address. */
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
