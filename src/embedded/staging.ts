import { chmod, mkdir } from 'node:fs/promises';
import { canReach, type SystemUser } from './system-user.ts';

/**
 * Where root keeps what PostgreSQL's user cannot reach in place: a checkout under `/root` is closed to
 * every other user. Only root writes here, everyone may pass through.
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
