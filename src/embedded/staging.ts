import { chmod, mkdir } from 'node:fs/promises';
import { canReach, type SystemUser } from './system-user.ts';

/**
 * Where root puts files that PostgreSQL's user cannot reach in the checkout, which under `/root` is closed to every other user.
 * Only root can write here, every user can read.
 */
export const STAGING = '/var/lib/property-listings';

/** The path itself if `user` can reach it, else the staging folder. */
export async function reachableFolder(
  path: string,
  user: SystemUser | undefined,
  staging = STAGING,
): Promise<string> {
  if (await canReach(path, user)) return path;
  await mkdir(staging, { recursive: true });
  await chmod(staging, 0o755); // whatever the umask
  return staging;
}
