import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/platform/package-root.ts';
import { openRunFolder } from './run/folder.ts';
import { startTestServer, TEMPLATE } from './run/postgres.ts';

/*
 * Runs tap on a PostgreSQL of its own: `node dist/test/run.js [what tap takes]`.
 *
 * Everything that a run starts is in the process group of tap, or works in the run's folder, which is also its TMPDIR.
 * However the run ends, a watchdog (run/watchdog.sh) kills all of that and removes the folder.
 */

/** What a developer may have exported for the service: a test says itself what it needs. */
const SETTINGS =
  /^((DIRECT_)?DATABASE_URL|REDIS_URL|API_KEYS|HOST|PORT|\w+_TTL|STALE_IF_ERROR|CACHE_\w+|PG\w+)$/;
const LIMITS = /^(WRITE_RATE_LIMIT|TRUST_PROXY|WEB_CONCURRENCY|DRAIN_SECONDS|LOG_LEVEL)$/;

/** Between two looks at whether npm, which started this process, is still there. Milliseconds. */
const LOOK_MS = 250;

/** The exit code of a run that was ended before its time. */
const CUT_SHORT = 130;

const parent = process.ppid;
const run = await openRunFolder();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(CUT_SHORT));
setInterval(() => process.ppid !== parent && void end(CUT_SHORT), LOOK_MS).unref();

const [server] = await Promise.all([startTestServer(run), buildTap()]);
const tap = startTap(process.argv.slice(2), { TEST_POSTGRES: server, TEST_TEMPLATE: TEMPLATE });
run.watch(tap);
const [code] = await once(tap, 'close');
await end(code ?? CUT_SHORT);

/** tap puts its plugins together, those that `.taprc` names, in its own package: once after each `npm ci`. */
async function buildTap(): Promise<void> {
  const wanted = await readFile(join(packageRoot, '.taprc'), 'utf8');
  const marker = join(packageRoot, 'node_modules', '.tap-built');
  if ((await readFile(marker, 'utf8').catch(() => '')) === wanted) return;
  const [code] = await once(startTap(['build'], {}, 'ignore'), 'close');
  if (code === 0) await writeFile(marker, wanted);
}

function startTap(
  args: readonly string[],
  own: Record<string, string>,
  stdio: 'inherit' | 'ignore' = 'inherit',
): ChildProcess {
  const given = Object.entries(process.env).filter(([name]) => !SETTINGS.test(name) && !LIMITS.test(name));
  const env = { ...Object.fromEntries(given), ...own, TMPDIR: run.path };
  const program = join(packageRoot, 'node_modules', '.bin', 'tap');
  return spawn(program, args, { cwd: packageRoot, env, stdio, detached: true });
}

async function end(exitCode: number): Promise<void> {
  await run.clear();
  process.exit(exitCode);
}
