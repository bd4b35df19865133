import { once } from 'node:events';
import { openEmbeddedPostgres } from '../../src/embedded/postgres.ts';

/** A process of its own that opens a directory, says so, and closes it when its stdin ends. */
const postgres = await openEmbeddedPostgres(String(process.argv[2]));
process.stdout.write(`${postgres.url}\n`);
await once(process.stdin.resume(), 'end');
await postgres.close();
