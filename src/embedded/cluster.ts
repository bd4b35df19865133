import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedInitdb, EmbeddedNotACluster, EmbeddedOtherMajor } from '../errors.ts';
import { type Binaries, runnableBinaries } from './binaries.ts';
import { tolerate } from './errors.ts';
import { fatalLines, isAlive } from './postmaster.ts';
import { reachableFolder } from './staging.ts';
import { giveTo, ownerOf, type SystemUser, unprivilegedUser } from './system-user.ts';

/*
 * The cluster: PostgreSQL's files, at `<directory>/postgres`.
 *
 * - It is built under another name and appears by one rename, password included: whatever is at
 *   `<directory>/postgres` is whole. Of two processes that create it at once, one wins and both use it.
 * - Where PostgreSQL's user cannot get at `directory` (root, in a closed folder), `<directory>/postgres`
 *   is a symbolic link to the cluster in the staging folder; that link is the only record of it.
 * - As root, PostgreSQL runs as the user who owns the cluster.
 */

const DRAFT = /^postgres\.draft-(\d+)-/;
const PASSWORD = 'superuser-password';
const run = promisify(execFile);

/** How long initdb may take: a second on most machines. Milliseconds. */
const INITDB_MS = 5 * 60_000;

export interface Cluster {
  /** The real path: PostgreSQL's user may not be able to reach a link to it. */
  readonly path: string;
  readonly password: string;
  /** Undefined: the user of this process. */
  readonly user: SystemUser | undefined;
}

export async function findOrCreateCluster(
  directory: string,
  binaries: Binaries,
  { signal, waitsFor }: Creating,
): Promise<Cluster> {
  const path = join(directory, 'postgres');
  if ((await readMajor(path)) === undefined) {
    waitsFor(`a new database in ${path}`);
    const user = await unprivilegedUser();
    const home = await reachableFolder(directory, user);
    await createCluster({ directory, home, user, binaries, signal });
  }
  const major = await readMajor(path);
  if (major === undefined) throw new EmbeddedNotACluster(path);
  if (major !== binaries.version.split('.')[0]) {
    throw new EmbeddedOtherMajor(path, major, binaries.version);
  }
  const password = (await readFile(join(path, PASSWORD), 'utf8')).trim();
  return { path: await realpath(path), password, user: await ownerOf(path) };
}

interface Creating {
  readonly signal: AbortSignal | undefined;
  /** Called with what is waited for. */
  readonly waitsFor: (what: string) => void;
}

async function readMajor(cluster: string): Promise<string | undefined> {
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(tolerate('ENOENT'));
  return version?.trim();
}

interface Creation {
  readonly directory: string;
  /** Where the cluster really goes: `directory`, or the staging folder. */
  readonly home: string;
  readonly user: SystemUser | undefined;
  readonly binaries: Binaries;
  /** Ends initdb. */
  readonly signal?: AbortSignal | undefined;
}

export async function createCluster({ directory, home, user, binaries, signal }: Creation): Promise<void> {
  await removeAbandonedDrafts(home);
  const draft = await mkdtemp(join(home, `postgres.draft-${process.pid}-`));
  try {
    await giveTo(user, draft);
    const native = await runnableBinaries(binaries, user);
    await initdb(draft, native, { user, signal });
    await publish(draft, home, directory);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The time zone is fixed so that the cluster does not depend on where it was made. */
async function initdb(draft: string, native: string, { user, signal }: Pick<Creation, 'user' | 'signal'>) {
  const password = join(draft, PASSWORD);
  const cluster = join(draft, 'cluster');
  await writeFile(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true });
  await giveTo(user, password);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${password}`];
  try {
    const options = { ...user, cwd: '/', env: { TZ: 'UTC' }, signal, timeout: INITDB_MS };
    await run(join(native, 'bin', 'initdb'), [`--pgdata=${cluster}`, ...access, ...locale], options);
  } catch (error) {
    signal?.throwIfAborted();
    throw new EmbeddedInitdb(dirname(draft), fatalLines(String(error)));
  }
  await rename(password, join(cluster, PASSWORD));
}

/** If another process was faster, this one's cluster is thrown away. */
async function publish(draft: string, home: string, directory: string): Promise<void> {
  const path = join(directory, 'postgres');
  const built = join(draft, 'cluster');
  if (home === directory) return rename(built, path).catch(tolerate('EEXIST', 'ENOTEMPTY'));
  const kept = join(home, `postgres-${randomUUID()}`);
  await rename(built, kept);
  await symlink(kept, path).catch(async (error) => {
    await rm(kept, { recursive: true });
    return tolerate('EEXIST')(error);
  });
}

async function removeAbandonedDrafts(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const creator = DRAFT.exec(name)?.[1];
    if (creator !== undefined && !isAlive(Number(creator))) {
      await rm(join(home, name), { recursive: true, force: true, maxRetries: 5 }); // its initdb may still write
    }
  }
}
