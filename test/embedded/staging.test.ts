import { chmod, lstat, mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runnableBinaries } from '../../src/embedded/binaries.ts';
import { createCluster } from '../../src/embedded/cluster.ts';
import { openEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { STAGING } from '../../src/embedded/staging.ts';
import { giveTo, ownerOf, unprivilegedUser } from '../../src/embedded/system-user.ts';
import { ask, temporaryFolder } from './fixture.ts';

const us = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const root = us.uid === 0;

/** A package's `native` folder whose initdb is a script. */
async function fakeBinaries(t: Test, initdb: string) {
  const native = join(await temporaryFolder(t), 'native');
  for (const folder of ['bin', 'lib']) await mkdir(join(native, folder), { recursive: true });
  await writeFile(join(native, 'bin', 'initdb'), `#!/bin/sh\n${initdb}\n`, { mode: 0o755 });
  await writeFile(join(native, 'bin', 'postgres'), '', { mode: 0o755 });
  await writeFile(join(native, 'lib', 'libpq.so.5.18'), 'library');
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links));
  return { native, version: '18.4.0-test' };
}

const MAKES_A_CLUSTER = `for option; do case "$option" in --pgdata=*) mkdir "\${option#--pgdata=}";; esac; done`;

t.test(
  'as root, in a folder that no one else can enter, the cluster is staged and linked',
  { skip: !root && 'needs root' },
  async (t) => {
    const directory = await temporaryFolder(t);
    await chmod(directory, 0o700);
    for (const opening of ['first', 'second']) {
      const postgres = await openEmbeddedPostgres(directory);
      t.equal(await ask(postgres.url, `SELECT '${opening}'`), opening);
      await postgres.close();
    }
    const target = await readlink(join(directory, 'postgres'));
    t.match(target, new RegExp(`^${STAGING}/postgres-`));
    t.not((await stat(target)).uid, 0);
    t.strictSame(await readdir(directory), ['database-url', 'postgres', 'postgres.log']);
  },
);

t.test(
  'binaries that PostgreSQL’s user can run stay where they are, and get their library links',
  async (t) => {
    const binaries = await fakeBinaries(t, '');
    for (const user of [undefined, us]) {
      t.equal(await runnableBinaries(binaries, user), binaries.native);
      t.equal(await readFile(join(binaries.native, 'lib', 'libpq.so.5'), 'utf8'), 'library');
    }
  },
);

t.test('binaries that it cannot run are copied where it can, once', async (t) => {
  const staging = join(await temporaryFolder(t), 'staging');
  const binaries = await fakeBinaries(t, '');
  const user = root ? await unprivilegedUser() : us;
  await chmod(join(binaries.native, 'bin', 'postgres'), 0o600);
  const staged = await runnableBinaries(binaries, user, staging);
  t.equal(staged, join(staging, 'native-18.4.0-test'));
  t.strictSame(await readdir(join(staged, 'lib')), ['libpq.so.5', 'libpq.so.5.18']);
  t.equal((await stat(join(staged, 'bin', 'postgres'))).mode & 0o777, 0o644);

  await writeFile(join(binaries.native, 'lib', 'later'), '');
  t.equal(await runnableBinaries(binaries, user, staging), staged, 'as if another had been faster');
  await chmod(join(staged, 'bin', 'postgres'), 0o755);
  t.equal(await runnableBinaries(binaries, user, staging), staged);
  t.notMatch(await readdir(join(staged, 'lib')), ['later']);
  t.strictSame(await readdir(staging), ['native-18.4.0-test'], 'and no draft is left');
});

t.test('a staged cluster is linked from the directory; the slower of two is thrown away', async (t) => {
  const [directory, home] = [await temporaryFolder(t), await temporaryFolder(t)];
  const creation = { directory, home, user: undefined, binaries: await fakeBinaries(t, MAKES_A_CLUSTER) };
  await createCluster(creation);
  const target = await readlink(join(directory, 'postgres'));
  t.ok((await lstat(join(directory, 'postgres'))).isSymbolicLink());
  await createCluster(creation);
  t.equal(await readlink(join(directory, 'postgres')), target);
  t.strictSame(
    (await readdir(home)).map((name) => join(home, name)),
    [target],
  );
});

t.test('a staged cluster that cannot be linked is an error, and leaves nothing', async (t) => {
  const home = await temporaryFolder(t);
  const creation = { home, user: undefined, binaries: await fakeBinaries(t, MAKES_A_CLUSTER) };
  await t.rejects(createCluster({ ...creation, directory: join(home, 'missing') }), { code: 'ENOENT' });
  t.strictSame(await readdir(home), []);
});

t.test('an initdb that fails is an error of one line with its reason, and leaves nothing', async (t) => {
  const directory = await temporaryFolder(t);
  const binaries = await fakeBinaries(t, 'echo "initdb: error: no space left" >&2; exit 1');
  await t.rejects(createCluster({ directory, home: directory, user: undefined, binaries }), {
    code: 'PL_EMBEDDED_INITDB',
    message: `Could not create a database cluster in ${directory}: no space left`,
  });
  t.strictSame(await readdir(directory), []);
});

t.test('drafts of a process that is no more are removed, those of a living one are not', async (t) => {
  const directory = await temporaryFolder(t);
  const [abandoned, alive] = ['postgres.draft-999999999-a', `postgres.draft-${process.pid}-b`];
  for (const name of [abandoned, alive]) await mkdir(join(directory, name));
  const binaries = await fakeBinaries(t, MAKES_A_CLUSTER);
  await createCluster({ directory, home: directory, user: undefined, binaries });
  t.strictSame(await readdir(directory), ['postgres', alive]);
});

t.test('root hands PostgreSQL to the first user there is, anyone else runs it themselves', async (t) => {
  t.equal(await unprivilegedUser(['nobody'], 1000), undefined);
  const nobody = await unprivilegedUser(['no-such-user', 'nobody'], 0);
  t.ok(nobody && nobody.uid > 0 && nobody.gid > 0);
  await t.rejects(unprivilegedUser(['no-such-user', 'nor-this-one'], 0), {
    code: 'PL_EMBEDDED_NO_USER',
    message: /none of the users no-such-user, nor-this-one exists/,
  });
});

t.test('an existing cluster stays with its owner', async (t) => {
  const folder = await temporaryFolder(t);
  await giveTo(us, folder);
  t.strictSame(await ownerOf(folder, 0), us);
  t.equal(await ownerOf(folder, 1000), undefined);
});
