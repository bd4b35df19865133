import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';

/** A compiler that copies a file, and lets another build overtake it where it is told so. */
const TSC = `#!/bin/sh
echo tsc >>made
rm overtake 2>/dev/null && scripts/build.sh
mkdir -p "$3/src" && cat src/a.ts >"$3/src/a.js"
`;
const PRISMA = `#!/bin/sh
echo client >>made
mkdir -p "$(dirname "$3")/../src/generated/prisma"
echo made >"$(dirname "$3")/../src/generated/prisma/client.ts"
`;

t.test('what was made of the same is not made again, whatever the times of files are', async (t) => {
  const { run, folder, made } = await checkout(t);
  t.same(await run(), { code: 0, said: '' });
  t.same(await made(), ['client', 'tsc']);
  for (const year of [1990, 2100]) {
    await utimes(join(folder, 'src/a.ts'), new Date(year, 1), new Date(year, 1));
    await run();
  }
  t.same(await made(), ['client', 'tsc']);
  await writeFile(join(folder, 'src/a.ts'), 'two');
  await utimes(join(folder, 'src/a.ts'), new Date(1990, 1), new Date(1990, 1));
  await run();
  t.same(await made(), ['client', 'tsc', 'tsc']);
  t.equal(await readFile(join(folder, 'dist/src/a.js'), 'utf8'), 'two');
  t.same(await leftovers(folder), []);
});

t.test(
  'a file that is added, renamed or deleted, and a generated client that is gone, are seen',
  async (t) => {
    const { run, folder, made } = await checkout(t);
    await run();
    await writeFile(join(folder, 'src/b.ts'), 'b');
    await run();
    await rm(join(folder, 'src/b.ts'));
    await run();
    await rm(join(folder, 'src/generated'), { recursive: true });
    await run();
    t.same(await made(), ['client', 'tsc', 'tsc', 'tsc', 'client']);
  },
);

t.test(
  'where all is made nothing is written: no lock is waited for, and no right to write is needed',
  async (t) => {
    const { run, folder } = await checkout(t);
    await run();
    await symlink(String(process.pid), join(folder, 'node_modules/.building')); // Of a release that had a lock.
    await chmod(folder, 0o555);
    t.same(await run(), { code: 0, said: '' });
    await chmod(folder, 0o755);
  },
);

t.test('a checkout that has to be built and cannot be written is a line that says what to do', async (t) => {
  const { run, folder } = await checkout(t);
  await chmod(folder, 0o555);
  const { code, said } = await run();
  t.equal(code, 1);
  t.match(
    said,
    /^\/.* has to be built, and cannot be written \(.*denied\): run npm run build as its owner.*\n$/,
  );
  await chmod(folder, 0o755);
});

t.test('without a compiler the line says how to get one; what is built already starts without', async (t) => {
  const { run, folder } = await checkout(t);
  await run();
  await rm(join(folder, 'node_modules/.bin'), { recursive: true });
  await rm(join(folder, 'src/generated'), { recursive: true });
  t.same(await run(), { code: 0, said: '' });
  await writeFile(join(folder, 'src/a.ts'), 'two');
  t.match(await run(), { code: 1, said: /`prisma` is not installed.*--omit=dev.*run npm ci --include=dev/ });
  await rm(join(folder, 'node_modules'), { recursive: true });
  t.match(await run(), { code: 1, said: /packages are not installed: run npm ci\n$/ });
});

t.test('a build that fails leaves what was built before, and nothing of its own', async (t) => {
  const { run, folder } = await checkout(t);
  await run();
  await writeFile(join(folder, 'src/a.ts'), 'two');
  const tsc = join(folder, 'node_modules/.bin/tsc');
  await writeFile(tsc, '#!/bin/sh\nmkdir -p "$3/src"; echo no >"$3/src/a.js"; exit 2\n');
  t.match(await run(), { code: 2 });
  t.equal(await readFile(join(folder, 'dist/src/a.js'), 'utf8'), 'one');
  t.same(await leftovers(folder), []);
});

t.test('of two that build at once the first to end is the one that counts', async (t) => {
  const { run, folder, made } = await checkout(t);
  await writeFile(join(folder, 'overtake'), '');
  t.same(await run(), { code: 0, said: '' });
  t.same(await made(), ['client', 'tsc', 'tsc']);
  t.same((await readdir(join(folder, 'dist'))).sort(), ['.made-of', 'src']);
  t.same(await leftovers(folder), []);
});

/** A checkout with programs that leave a line of what they make, and how to run the script there: never as root. */
async function checkout(t: Test) {
  const folder = t.testdir({
    src: { 'a.ts': 'one' },
    prisma: { 'schema.prisma': 'schema' },
    'tsconfig.json': '{}',
    'package-lock.json': '{}',
    made: '',
    node_modules: { '@prisma': { client: { 'package.json': '{}' } } },
  });
  const programs = join(folder, 'node_modules/.bin');
  await mkdir(programs);
  await writeFile(join(programs, 'tsc'), TSC, { mode: 0o755 });
  await writeFile(join(programs, 'prisma'), PRISMA, { mode: 0o755 });
  await cp(join(packageRoot, 'scripts/build.sh'), join(folder, 'scripts/build.sh'));
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if ('uid' in user) await once(spawn('chown', ['-R', '65534:65534', folder]), 'exit');
  const run = async () => {
    const child = spawn(join(folder, 'scripts/build.sh'), { ...user, stdio: ['ignore', 'ignore', 'pipe'] });
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    return { code, said };
  };
  const made = async () => (await readFile(join(folder, 'made'), 'utf8')).trim().split('\n');
  return { folder, run, made };
}

const leftovers = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.startsWith('dist.'));
