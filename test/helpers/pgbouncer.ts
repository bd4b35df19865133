import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { unprivilegedUser } from '../../src/embedded/system-user.ts';
import { execute } from '../../support/database.ts';
import { freePort } from '../../support/redis.ts';
import type { Scope } from '../../support/scope.ts';
import { checkout } from '../../support/server.ts';

/** An ordinary user's PATH has no folder of daemons. */
const env = { ...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) };

/** Why tests that need a PgBouncer are skipped here, or false: an option for `t.test`. */
export const skipWithoutPgBouncer: string | false =
  spawnSync('pgbouncer', ['--version'], { env }).status === 0 ? false : 'no pgbouncer on the PATH';

/** Server connections, which all clients share. */
const POOL_SIZE = 2;

export interface PgBouncer {
  /** The target's URL, by way of it. */
  readonly url: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A PgBouncer before the server of a URL: its own defaults, and what `settings` change. */
export async function startPgBouncer(
  t: Scope,
  target: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncer> {
  const { hostname, port, username, password } = new URL(target);
  const folder = await checkout(t);
  await chmod(folder, 0o755); // As root it runs as another user.
  const chosen = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  const server = `host=${hostname} port=${port || 5432} user=${username}${password && ` password=${password}`}`;
  const own = {
    listen_addr: '127.0.0.1',
    listen_port: String(chosen),
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: String(POOL_SIZE),
    ...settings,
  };
  const lines = Object.entries(own).map(([name, value]) => `${name} = ${value}`);
  await writeFile(file, `[databases]\n* = ${server}\n[pgbouncer]\n${lines.join('\n')}\n`);
  const user = await unprivilegedUser();
  const url = Object.assign(new URL(target), { host: `127.0.0.1:${chosen}` }).href;
  let stop = async () => {};
  const start = async () => {
    const child = spawn('pgbouncer', ['-q', file], { ...user, env, cwd: folder, stdio: 'ignore' });
    const ended = once(child, 'close');
    stop = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    t.teardown(stop);
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}`);
      await delay(10);
    }
  };
  await start();
  return { url, start, stop: () => stop() };
}

const answers = (url: string): Promise<boolean> =>
  execute(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
