import { execFile } from 'node:child_process';
import { chown, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { EmbeddedNoUser } from '../errors.ts';

const run = promisify(execFile);

/** The user that PostgreSQL runs as when this process is root, as which it refuses to run. Without one it runs as this process's user. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** For a new cluster: the first of `names` that this machine has. No user is ever created. */
export async function unprivilegedUser(
  names = ['postgres', 'nobody'],
  us = process.getuid?.(),
): Promise<SystemUser | undefined> {
  if (us !== 0) return undefined;
  for (const name of names) {
    const [uid, gid] = await Promise.allSettled([run('id', ['-u', name]), run('id', ['-g', name])]);
    if (uid.status === 'fulfilled' && gid.status === 'fulfilled') {
      return { uid: Number(uid.value.stdout), gid: Number(gid.value.stdout) };
    }
  }
  throw new EmbeddedNoUser(names.join(', '));
}

/** For an existing cluster: PostgreSQL insists on running as its owner. */
export async function ownerOf(cluster: string, us = process.getuid?.()): Promise<SystemUser | undefined> {
  const { uid, gid } = await stat(cluster);
  return us === 0 ? { uid, gid } : undefined;
}

export async function giveTo(user: SystemUser | undefined, path: string): Promise<void> {
  if (user) await chown(path, user.uid, user.gid);
}

/** Whether the user can reach `path`. It is tried, because any folder above may be closed (`/root`, mode 700). */
export async function canReach(path: string, user: SystemUser | undefined): Promise<boolean> {
  if (user === undefined) return true;
  return run('/bin/sh', ['-c', 'test -x "$0"', path], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  );
}
