import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { Test } from 'tap';
import { untraced } from '../../support/untraced.ts';

/** A folder for `<directory>`s, open to PostgreSQL's user; when the test ends, its servers and it are gone. */
export async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'embedded-'));
  await chmod(folder, 0o755);
  t.teardown(async () => {
    await killPostmaster(folder);
    const real = await realpath(join(folder, 'postgres')).catch(() => folder);
    for (const path of [real, folder]) await rm(path, { recursive: true, force: true, maxRetries: 5 });
  });
  return folder;
}

export interface Opener {
  readonly process: ChildProcess;
  readonly url: string;
  /** Ends its stdin, and waits for it: the exit code. */
  close(): Promise<number | null>;
}

/** Opens the directory in another process. */
export async function openElsewhere(t: Test, directory: string): Promise<Opener> {
  const child = spawnOpener(t, directory);
  const [url] = await once(createInterface(child.stdout), 'line');
  const close = async () => {
    child.stdin.end();
    await once(child, 'exit');
    return child.exitCode;
  };
  return { process: child, url, close };
}

export function spawnOpener(t: Test, directory: string, options: { detached?: boolean } = {}) {
  const program = fileURLToPath(new URL('./opener.js', import.meta.url));
  const child = spawn(...untraced(process.execPath, [program, directory]), {
    ...options,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

/** What one query answers, on a connection of its own. */
export async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

export async function postmasterPid(directory: string): Promise<number> {
  const file = await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '0');
  return Number(file.split('\n')[0]);
}

export function isRunning(directory: string): boolean {
  return existsSync(join(directory, 'postgres', 'postmaster.pid'));
}

/** kill -9, and waits until the process is no more. */
export async function killPostmaster(directory: string): Promise<void> {
  const pid = await postmasterPid(directory);
  if (pid === 0 || pid === process.pid) return;
  try {
    for (process.kill(pid, 'SIGKILL'); process.kill(pid, 0); ) await sleep(10);
  } catch {} // ESRCH: it is gone
}
