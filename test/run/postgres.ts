import { execFile, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { mkdir, statfs, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { applyMigrations } from '../../src/database/migrate/migrate.ts';
import { findBinaries, runnableBinaries } from '../../src/embedded/binaries.ts';
import { giveTo, unprivilegedUser } from '../../src/embedded/system-user.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { execute } from '../../support/database.ts';
import { unusedPort } from '../helpers/ports.ts';
import type { RunFolder } from './folder.ts';

const runProgram = promisify(execFile);

/** The migrated database that `scratchDatabase` copies. */
export const TEMPLATE = 'template_migrated';

/** Nothing of a test has to survive a crash of the machine. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '400',
  shared_buffers: '128MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  wal_init_zero: 'off',
  autovacuum: 'off',
};

const INITDB = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'];

/** That of the embedded cluster; before PostgreSQL 17 the system's own of that name. */
const LOCALE = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
const OLDER_LOCALE = ['--locale=C.UTF-8'];

/** Files in memory, on Linux, and how much has to be free there: some times what a run takes (300 MB). */
const MEMORY = '/dev/shm';
const MIN_MEMORY_BYTES = 2 * 1024 ** 3;

/** Between two attempts to connect while it starts. Milliseconds. */
const LOOK_MS = 20;

/**
 * A PostgreSQL in the run's folder: the embedded one, or that of `TEST_POSTGRES_BIN` (`/usr/lib/postgresql/15/bin`).
 *
 * @returns the URL of its maintenance database
 */
export async function startTestServer({ path }: RunFolder): Promise<string> {
  const { TEST_POSTGRES_BIN: given } = process.env;
  const user = await unprivilegedUser();
  const as = { ...user, cwd: path, env: { TZ: 'UTC' } }; // The watchdog sees who works there.
  const bin = given ?? join(await runnableBinaries(await findBinaries(), user), 'bin');
  const cluster = await clusterFolder(path);
  await giveTo(user, cluster);
  await runProgram(join(bin, 'initdb'), ['-D', cluster, ...INITDB, ...(given ? OLDER_LOCALE : LOCALE)], as);
  const port = await unusedPort();
  const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const log = openSync(join(path, 'postgres.log'), 'a');
  const server = spawn(join(bin, 'postgres'), ['-D', cluster, ...settings], {
    ...as,
    stdio: ['ignore', log, log],
  });
  server.unref();
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  while (!(await answers(url))) {
    if (server.exitCode !== null) throw new Error(readFileSync(join(path, 'postgres.log'), 'utf8'));
    await delay(LOOK_MS);
  }
  await execute(url, `CREATE DATABASE ${TEMPLATE}`);
  const template = Object.assign(new URL(url), { pathname: `/${TEMPLATE}` }).href;
  await applyMigrations(template, join(packageRoot, 'prisma', 'migrations'));
  return url;
}

/**
 * `cluster` in the run's folder: a link into memory where that has room, since a database that is copied there takes 10 ms
 * in place of 200. The link comes first, for the watchdog to find what it leads to.
 */
async function clusterFolder(path: string): Promise<string> {
  const cluster = join(path, 'cluster');
  const { bavail, bsize } = await statfs(MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  const place = bavail * bsize >= MIN_MEMORY_BYTES ? join(MEMORY, basename(path)) : cluster;
  if (place !== cluster) await symlink(place, cluster);
  await mkdir(place);
  return place;
}

const answers = (url: string): Promise<boolean> =>
  execute(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
