import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { HELP, USAGE } from '../../prisma/seed/options.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { untraced } from '../../support/untraced.ts';

const COMPILED = join(packageRoot, 'dist', 'prisma', 'seed.js');
const PRISMA = join(packageRoot, 'node_modules', '.bin', 'prisma');

const url = await scratchDatabase(t);

/** Runs a command to its end, on the database of this file and without Redis. */
async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(...untraced(command, args), {
    cwd: packageRoot,
    env: { ...process.env, DATABASE_URL: url, REDIS_URL: '', ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** The command as a user types it. */
const prismaSeed = (...args: string[]) => run(PRISMA, ['db', 'seed', '--', ...args]);

t.test('`prisma db seed` adds as many listings as asked for to those there are', async (t) => {
  const { code, stdout } = await prismaSeed('--count', '5');
  t.equal(code, 0);
  t.match(stdout, /^Added 5 listings in \d+\.\d s \(5 in all\)$/m);
  t.equal((await execute(url, 'SELECT id FROM properties_property')).rowCount, 5);
});

t.test('`prisma db seed -- --help` says what there is, and starts nothing for it', async (t) => {
  const { code, stdout } = await run(PRISMA, ['db', 'seed', '--', '--help'], { DATABASE_URL: '' });
  t.equal(code, 0);
  t.match(stdout, HELP);
});

t.test('a bad option ends the seed with 2, and a line says how it is used', async (t) => {
  const bad = await run(process.execPath, [COMPILED, '--nope']);
  t.strictSame(bad, { code: 2, stdout: '', stderr: `Unknown option '--nope'\n${USAGE}\n` });
});
