import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const HOLDER = join(import.meta.dirname, 'hold-embedded-postgres.ts');

/**
 * The embedded PostgreSQL in `directory`, for as long as this process lives: returns its URL.
 *
 * Prisma's CLI leaves a configuration no moment to close anything (it calls `process.exit` on failure, and
 * Ctrl-C or a kill may end it at any time). So another process holds the database open, in a process group of
 * its own, until the pipe to its stdin ends, as it does however this process dies.
 */
export async function startEmbeddedPostgres(directory: string): Promise<string> {
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const holder = spawn(process.execPath, ['--import', tsx, HOLDER, directory], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { value: answer } = await createInterface({ input: holder.stdout })[Symbol.asyncIterator]().next();
  holder.stdout.destroy();
  holder.unref();
  if (answer?.startsWith('postgresql://')) return answer;
  throw new Error(answer ?? 'The embedded PostgreSQL did not start: set DATABASE_URL to another one');
}
