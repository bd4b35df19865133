import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';
import { untraced } from '../../support/untraced.ts';

const LOOK_MS = 50;

/** Linux alone tells where other processes work. */
const skip = existsSync('/proc/self/cwd') ? false : 'no /proc here';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  t.test(`a test run that ${signal} ends leaves no process and no folder`, { skip }, async (t) => {
    const { run, folder } = await startUnending(t);
    t.not(readdirSync(folder).length, 0);
    t.ok(workingIn(folder).length >= 3, 'PostgreSQL, Redis and the service');
    run.kill(signal);
    while (readdirSync(folder).length > 0 || workingIn(folder).length > 0) await delay(LOOK_MS);
    t.pass();
  });
}

t.test('the next run clears what one has left whose watchdog was killed too', { skip }, async (t) => {
  const { run, folder, env, checkout } = await startUnending(t);
  const [left = ''] = readdirSync(folder);
  const watchdog = processes().find((pid) => commandOf(pid).endsWith(`watchdog.sh\0${join(folder, left)}\0`));
  process.kill(watchdog ?? Number.NaN, 'SIGKILL');
  run.kill('SIGKILL');
  await once(run, 'exit'); // Its tap holds its output open.
  t.ok(workingIn(folder).length >= 3, 'all of it runs on');
  const next = spawn(...untraced(process.execPath, ['dist/test/run.js', '--version']), {
    cwd: checkout,
    env,
  });
  next.stdout.resume();
  t.same(await once(next, 'close'), [0, null]);
  t.same(readdirSync(folder), []);
  t.same(workingIn(folder), []);
});

/** A run of test/fixtures/unending.ts, whose folder is in `folder`, when everything in it is running. */
async function startUnending(t: Test) {
  const folder = await emptyFolder(t);
  const checkout = await copyOfThis(t);
  const args = ['dist/test/run.js', '--reporter=tap', 'dist/test/fixtures/unending.js'];
  const env = { ...process.env, TMPDIR: folder };
  const run = spawn(...untraced(process.execPath, args), {
    cwd: checkout,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => run.kill('SIGKILL'));
  let said = '';
  while (!said.includes('everything is running')) said += (await once(run.stdout, 'data')).join();
  run.stdout.resume();
  return { run, folder, env, checkout };
}

/** A run empties `.tap/`, where the one that this is a test of keeps its coverage: it needs a checkout of its own. */
async function copyOfThis(t: Test): Promise<string> {
  const copy = await emptyFolder(t);
  for (const part of [
    'dist',
    'test',
    'prisma',
    'public',
    'package.json',
    '.taprc',
    join('.tap', 'plugins'),
  ]) {
    await cp(join(packageRoot, part), join(copy, part), { recursive: true });
  }
  await symlink(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function emptyFolder(t: Test): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'run-')));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755); // For PostgreSQL's user.
  return folder;
}

function workingIn(folder: string): number[] {
  return processes().filter((pid) => read(() => readlinkSync(`/proc/${pid}/cwd`)).startsWith(folder));
}

const processes = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

const commandOf = (pid: number): string => read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));

/** Nothing for a process that has just ended. */
function read(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}
