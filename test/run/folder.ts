import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/platform/package-root.ts';

const PREFIX = 'property-listings-run-';
const NAME = new RegExp(`^${PREFIX}(\\d+)-`);
const WATCHDOG = join(packageRoot, 'test', 'run', 'watchdog.sh');

/** The folder of one run, and the watchdog that clears it. */
export interface RunFolder {
  readonly path: string;
  /** Has the watchdog kill the process group of `leader` too. */
  watch(leader: ChildProcess): void;
  /** Resolves when nothing of the run is left. */
  clear(): Promise<void>;
}

/** A new one, after those of runs whose own watchdog was killed were cleared. */
export async function openRunFolder(): Promise<RunFolder> {
  await clearAbandoned();
  const path = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  await chmod(path, 0o755); // PostgreSQL and nginx run as other users where root runs the tests.
  const watchdog = spawn(WATCHDOG, [path], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const cleared = once(watchdog, 'close');
  return {
    path,
    watch: ({ pid }) => watchdog.stdin.write(`${pid}\n`),
    async clear() {
      watchdog.stdin.end();
      await cleared;
    },
  };
}

async function clearAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const leader = NAME.exec(name)?.[1];
    if (leader === undefined || isAlive(Number(leader))) continue;
    spawnSync(WATCHDOG, [join(tmpdir(), name)], { input: '', stdio: ['pipe', 'ignore', 'inherit'] });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
