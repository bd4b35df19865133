import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../src/platform/package-root.ts';
import type { Scope } from '../../support/scope.ts';
import { listens, unusedPort } from './ports.ts';

const hasNginx = spawnSync('nginx', ['-v']).status === 0;

/** Why tests that need nginx are skipped here, or false: an option for `t.test`. */
export const skipWithoutNginx: string | false = hasNginx ? false : 'no nginx on the PATH';

/** What of the file is Docker's: a name that its name server knows, and an address inside a container. */
const SERVERS = /server api:8000 resolve (.*);/;
const LISTEN = 'listen 8000;';

/** Modules of nginx that keep bodies in files, in directories that its package may have made for another user. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * nginx with the configuration of `docker compose`, in front of servers on this machine.
 *
 * @param servers `http://127.0.0.1:<port>` each
 * @returns its own address, of the same kind
 */
export async function startNginx(t: Scope, servers: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'property-listings-nginx-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755); // Its workers are another user's if it is started by root.
  const port = await unusedPort();
  const file = join(folder, 'nginx.conf');
  await writeFile(file, await configuration(servers, port, folder));
  // Debian's program opens its own log before it reads the configuration, unless told of another.
  const args = ['-p', folder, '-c', file, '-e', 'stderr', '-g', `daemon off; pid ${join(folder, 'pid')};`];
  const checked = spawnSync('nginx', [...args, '-t'], { encoding: 'utf8' });
  if (checked.status !== 0) throw new Error(checked.stderr);
  const nginx = spawn('nginx', args, { cwd: folder, stdio: 'ignore' });
  const ended = once(nginx, 'close');
  t.teardown(async () => {
    nginx.kill('SIGTERM');
    await ended;
  });
  while (!(await listens(port))) await delay(20);
  return `http://127.0.0.1:${port}`;
}

async function configuration(servers: readonly string[], port: number, folder: string): Promise<string> {
  const text = await readFile(join(packageRoot, 'docker/nginx/nginx.conf'), 'utf8');
  if (!SERVERS.test(text) || !text.includes(LISTEN))
    throw new Error('nginx.conf is not what is expected here');
  const temporary = TEMPORARY.map((name) => `${name}_temp_path ${join(folder, name)};`);
  return text
    .replace('http {', ['http {', ...temporary].join('\n'))
    .replace(SERVERS, (_, parameters) =>
      servers.map((url) => `server ${new URL(url).host} ${parameters};`).join('\n'),
    )
    .replace(LISTEN, `listen 127.0.0.1:${port};`);
}
