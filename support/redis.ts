import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import type { Scope } from './scope.ts';
import { checkout } from './server.ts';

const hasServer = spawnSync('redis-server', ['--version']).status === 0;

/** Why tests that need a Redis are skipped here, or false: an option for `t.test`. */
export const skipWithoutRedis: string | false = hasServer ? false : 'no redis-server on the PATH';

/** A Redis of its own for a test. */
export const scratchRedis = async (t: Scope): Promise<string> => (await startRedis(t)).url;

/** The file in a private server's directory that `SAVE` writes and a start reads. */
export const SNAPSHOT = 'property-listings-test.rdb';

/** A private redis-server that a test may stop, kill or pause. It reads the snapshot in `directory`, if there is one. */
export async function startRedis(t: Scope, port?: number, directory?: string) {
  const cwd = directory ?? (await checkout(t));
  const chosen = port ?? (await freePort());
  const server = spawn(
    'redis-server',
    [
      '--port',
      String(chosen),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      cwd,
      '--dbfilename',
      SNAPSHOT,
    ],
    { cwd, stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const stop = async () => {
    server.kill('SIGKILL');
    await ended;
  };
  t.teardown(stop);
  const url = `redis://127.0.0.1:${chosen}`;
  await untilItAnswers(url);
  const pause = () => server.kill('SIGSTOP');
  const resume = () => server.kill('SIGCONT');
  return { url, port: chosen, stop, pause, resume };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

async function untilItAnswers(url: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: () => 20 } });
  client.on('error', () => {}); // Not yet.
  await client.connect();
  while ((await client.ping()) !== 'PONG') await delay(20);
  client.destroy();
}
