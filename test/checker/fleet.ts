import { execute } from '../../support/database.ts';
import type { Scope } from '../../support/scope.ts';
import { startNginx } from '../helpers/nginx.ts';
import { startPgBouncer } from '../helpers/pgbouncer.ts';
import { unusedPort } from '../helpers/ports.ts';
import { privatePostgres } from '../helpers/private-postgres.ts';
import { proxyTo } from '../helpers/proxy.ts';
import { Instance, type Target } from './instance.ts';
import type { Options } from './options.ts';
import { PrivateRedis } from './private-redis.ts';

/** Everything that runs, and can be broken. */
export interface Fleet {
  /** Whom clients ask. */
  readonly targets: readonly Target[];
  /** What passes their requests on to the instances, if anything does. */
  readonly front: Target | undefined;
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

export async function launchFleet(scope: Scope, options: Options): Promise<Fleet> {
  const { url, stop, start } = await privatePostgres(scope);
  scope.teardown(stop);
  // As little as may be: it would refuse everybody for 15 seconds after a connection that failed.
  const settings = { server_login_retry: '1', default_pool_size: '20' };
  const pooler = options.pooler ? await startPgBouncer(scope, url, settings) : undefined;
  const redis = options.redis ? await PrivateRedis.launch(scope, await unusedPort()) : undefined;
  const workers = options.entry === 'workers';
  const env = {
    API_KEYS: WRITE_KEY,
    LOG_LEVEL: 'warn',
    STALE_IF_ERROR: String(options.staleIfError),
    CACHE_LOCAL: options.local ? 'on' : 'off',
    WEB_CONCURRENCY: String(workers ? options.instances : 1),
    DRAIN_SECONDS: options.entry === 'nginx' ? '3' : '0',
  };
  const launch = async (number: number) => {
    const toRedis = redis && (await proxyTo(scope, redis.url));
    const toPostgres = await proxyTo(scope, url);
    const port = await unusedPort();
    return Instance.launch(scope, { number, port, toRedis, toPostgres, pooler, env });
  };
  const numbers = Array.from({ length: workers ? 1 : options.instances }, (_, number) => number);
  const instances = await Promise.all(numbers.map(launch));
  const front = options.entry === 'nginx' ? await frontOf(scope, instances) : undefined;
  const targets = front ? [front] : instances;
  return { targets, front, instances, redis, postgres: { stop, start, execute: (sql) => execute(url, sql) } };
}

async function frontOf(scope: Scope, instances: readonly Instance[]): Promise<Target> {
  const addresses = instances.map(({ address }) => address);
  return { number: 0, address: await startNginx(scope, addresses) };
}
