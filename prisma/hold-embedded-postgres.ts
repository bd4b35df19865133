import { once } from 'node:events';
import { openEmbeddedPostgres } from '../src/embedded/postgres.ts';

/** The process that embedded-postgres.ts starts: says where the database is, or why it is not. */
try {
  const postgres = await openEmbeddedPostgres(process.argv[2] ?? '.data');
  process.stdout.write(`${postgres.url}\n`);
  await once(process.stdin.resume(), 'end');
  await postgres.close();
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
}
