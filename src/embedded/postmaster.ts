import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tolerate } from './errors.ts';
import type { SystemUser } from './system-user.ts';

/** How often `postmaster.pid` is read. Milliseconds; `pg_ctl -w` reads it every 100. */
export const LOOK = 10;

/** The running server, as its `postmaster.pid` describes it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** `starting`, `ready` or `stopping`; empty while the file is being written. */
  readonly status: string;
}

export interface Launch {
  readonly native: string;
  readonly cluster: string;
  readonly log: string;
  readonly port: number;
  readonly user: SystemUser | undefined;
  /** Stops it while it is starting. */
  readonly signal: AbortSignal;
}

/** undefined: none runs. Lines 1, 4 and 8 are PostgreSQL's `LOCK_FILE_LINE_*` (miscadmin.h). */
export async function readPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(tolerate('ENOENT'));
  const lines = (text ?? '').split('\n');
  const pid = Number(lines[0]);
  if (!isAlive(pid)) return undefined;
  return { pid, port: Number(lines[3]), status: lines[7]?.trim() ?? '' };
}

/**
 * Starts a server and waits until it is ready, or resolves with the reason why it did not start, from its log. In a session of
 * its own (`detached`) it gets no Ctrl-C from the terminal, and outlives this process.
 */
export async function startPostmaster(launch: Launch): Promise<string | undefined> {
  const log = await open(launch.log, 'a', 0o600);
  try {
    const { size } = await log.stat();
    const child = spawnPostgres(launch, log.fd);
    await once(child, 'spawn');
    if (await becomesReady(child, launch)) return undefined;
    return fatalLines((await readFile(launch.log)).subarray(size).toString());
  } finally {
    await log.close();
  }
}

/** PostgreSQL's fast shutdown: sessions are cut, what was committed is kept. Returns when it is down. */
export async function stopPostmaster(cluster: string, { pid }: Postmaster): Promise<void> {
  process.kill(pid, 'SIGINT');
  while ((await readPostmaster(cluster))?.pid === pid) await sleep(LOOK);
}

/** Whether the process runs; not if it is another user's, as PostgreSQL decides as well. 0 is no process. */
export function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The reasons and hints in PostgreSQL's output; the whole output if there are none. */
export function fatalLines(output: string): string {
  const reasons = output.match(/(?<=(FATAL|PANIC|error|HINT): +)\S.*/g);
  return (reasons ?? output.trim().split('\n')).join(' ');
}

/** For access from this machine only, a table of a million rows, and a disk with fast random access. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'shared_buffers=256MB',
  'max_wal_size=4GB',
  'random_page_cost=1.1',
];

function spawnPostgres({ native, cluster, port, user }: Launch, log: number): ChildProcess {
  const settings = SETTINGS.flatMap((setting) => ['-c', setting]);
  return spawn(join(native, 'bin', 'postgres'), ['-D', cluster, '-p', String(port), ...settings], {
    ...user,
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['ignore', log, log],
  });
}

async function becomesReady(child: ChildProcess, { cluster, signal }: Launch): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const postmaster = await readPostmaster(cluster);
    if (postmaster?.pid === child.pid && postmaster?.status === 'ready') {
      child.unref();
      return true;
    }
    if (signal.aborted) child.kill('SIGINT'); // Its fast shutdown.
    await sleep(LOOK);
  }
  return false;
}
