import { once } from 'node:events';
import { createServer } from 'node:net';
import { execute, privatePostgres } from '../helpers/database.ts';
import { startPgBouncer } from '../helpers/pgbouncer.ts';
import { proxyTo } from '../helpers/proxy.ts';
import type { Scope } from '../helpers/scope.ts';
import { Instance } from './instance.ts';
import type { Options } from './options.ts';
import { PrivateRedis } from './private-redis.ts';
import { Random } from './random.ts';

/** Everything that runs, and can be broken. */
export interface Fleet {
  readonly instances: readonly Instance[];
  readonly redis: PrivateRedis | undefined;
  readonly postgres: Postgres;
}

export interface Postgres {
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Runs SQL as `psql` would, past every proxy. */
  execute(sql: string): ReturnType<typeof execute>;
}

export const WRITE_KEY = 'a-write-key-for-the-checker';

/**
 * Ports that no system gives to outgoing connections: nobody takes one while its server is away, and a client
 * that keeps trying cannot be connected to itself.
 */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

export async function launchFleet(scope: Scope, options: Options): Promise<Fleet> {
  const ports = new Random(process.pid); // Not of the seed: another checker may run beside this one.
  const { url, stop, start } = await privatePostgres(scope);
  scope.teardown(stop);
  const redis = options.redis ? await PrivateRedis.launch(scope, await unusedPort(ports)) : undefined;
  // As little as may be: it would refuse everybody for 15 seconds after a connection that failed.
  const settings = { server_login_retry: '1', default_pool_size: '20' };
  const pooler = options.pooler ? await startPgBouncer(scope, url, settings) : undefined;
  const env = {
    API_KEYS: WRITE_KEY,
    LOG_LEVEL: 'warn',
    STALE_IF_ERROR: String(options.staleIfError),
    CACHE_LOCAL: options.local ? 'on' : 'off',
  };
  const instances: Instance[] = [];
  for (let number = 0; number < options.instances; number += 1) {
    const toRedis = redis && (await proxyTo(scope, redis.url));
    const toPostgres = await proxyTo(scope, url);
    const port = await unusedPort(ports);
    instances.push(await Instance.launch(scope, { number, port, toRedis, toPostgres, pooler, env }));
  }
  return { instances, redis, postgres: { stop, start, execute: (sql) => execute(url, sql) } };
}

async function unusedPort(ports: Random): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + ports.below(PORTS);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening'); // Rejects at an error.
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
