import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';
import type { Scope } from './scope.ts';

const hasServer = spawnSync('redis-server', ['--version']).status === 0;

/** Why tests that stop and start a Redis are skipped here, or false: an option for `t.test`. */
export const skipWithoutRedisServer: string | false = hasServer ? false : 'no redis-server on the PATH';

/** Why tests that need any Redis are skipped here, or false. */
export const skipWithoutRedis: string | false =
  process.env.REDIS_URL || hasServer ? false : 'no REDIS_URL and no redis-server on the PATH';

/**
 * A Redis of its own for a test: an empty database of `REDIS_URL`, claimed for as long as the test runs and
 * emptied after it, else a private server.
 */
export async function scratchRedis(t: Scope): Promise<string> {
  return process.env.REDIS_URL ? claimDatabase(t, process.env.REDIS_URL) : (await startRedis(t)).url;
}

/**
 * A Redis of its own for a test of what is tracked, a private server where there can be one: what Redis reports of
 * changes knows no database numbers, so that a flush of any database is one of all.
 */
export async function trackedRedis(t: Scope): Promise<string> {
  return hasServer ? (await startRedis(t)).url : scratchRedis(t);
}

/** The file in a private server's directory that `SAVE` writes and a start reads. */
export const SNAPSHOT = 'property-listings-test.rdb';

/** A private redis-server that a test may stop, kill or pause. It reads the snapshot in `directory`, if there is one. */
export async function startRedis(t: Scope, port?: number, directory = '/tmp') {
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
      directory,
      '--dbfilename',
      SNAPSHOT,
    ],
    { stdio: 'ignore' },
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

async function claimDatabase(t: Scope, server: string): Promise<string> {
  const registry = createClient({ url: server });
  await registry.connect();
  for (let database = 15; database > 0; database -= 1) {
    const claim = `property-listings-test:database:${database}`;
    const expiration = { type: 'EX', value: 300 } as const;
    if ((await registry.set(claim, String(process.pid), { condition: 'NX', expiration })) === null) continue;
    const url = new URL(server);
    url.pathname = `/${database}`;
    const client = createClient({ url: url.href });
    await client.connect();
    if ((await client.dbSize()) > 0) {
      client.destroy(); // Somebody's data: not ours to use or to empty.
      continue;
    }
    t.teardown(async () => {
      await client.flushDb();
      await registry.del(claim);
      client.destroy();
      registry.destroy();
    });
    return url.href;
  }
  throw new Error('REDIS_URL has no empty database among 1 to 15 for the tests');
}

async function untilItAnswers(url: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: () => 20 } });
  client.on('error', () => {}); // Not yet.
  await client.connect();
  while ((await client.ping()) !== 'PONG') await delay(20);
  client.destroy();
}
