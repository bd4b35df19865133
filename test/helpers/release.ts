import { execFile } from 'node:child_process';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

/** What a server needs of its checkout, and `npm ci` and `npm run build` replace. */
export const PARTS = ['package.json', 'dist', 'node_modules', 'prisma', 'public'];

/** A copy of this checkout, as hard links, which can be taken away or changed; and its server, for `startServer`. */
export async function copyOfRelease(t: Test): Promise<{ folder: string; program: string }> {
  const folder = t.testdir();
  const parts = PARTS.map((part) => join(packageRoot, part));
  await promisify(execFile)('cp', ['-RPpl', ...parts, folder]);
  return { folder, program: join(relative(packageRoot, folder), 'dist', 'src', 'server.js') };
}
