import { execute, privatePostgres } from '../helpers/database.ts';
import { unusedPort } from '../helpers/ports.ts';
import { proxyTo } from '../helpers/proxy.ts';
import type { Scope } from '../helpers/scope.ts';
import { Instance } from './instance.ts';
import type { Options } from './options.ts';
import { PrivateRedis } from './private-redis.ts';

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

export async function launchFleet(scope: Scope, options: Options): Promise<Fleet> {
  const { url, stop, start } = await privatePostgres(scope);
  scope.teardown(stop);
  const redis = options.redis ? await PrivateRedis.launch(scope, await unusedPort()) : undefined;
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
    const port = await unusedPort();
    instances.push(await Instance.launch(scope, { number, port, toRedis, toPostgres, env }));
  }
  return { instances, redis, postgres: { stop, start, execute: (sql) => execute(url, sql) } };
}
