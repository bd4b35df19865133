import { scratchDatabase } from '../../support/database.ts';
import { fill } from '../../support/fill.ts';
import { startRedis } from '../../support/redis.ts';
import type { Scope } from '../../support/scope.ts';
import { checkout } from '../../support/server.ts';
import { fetchPages, type Pages, writePages } from './pages.ts';
import type { Pinning } from './pinning.ts';
import type { ProgramOptions } from './program.ts';
import { change, LIST, WRITE_KEY } from './requests.ts';
import { type Server, startServer } from './server.ts';

/** The same listings in every run. */
const SEED = 1;

/** Keeps the page for the whole run. Seconds. */
const PAGE_CACHE_TTL = '86400';

/** Everything that runs for one number of rows. */
export interface Setting {
  readonly rows: number;
  readonly pages: Pages;
  readonly servers: Servers;
  /** Of PostgreSQL and of Redis. */
  readonly urls: { readonly database: string; readonly redis: string };
}

/** The service itself, in the ways in which it can be configured. */
export type ServiceName = 'service' | 'silent' | 'remote' | 'slowPath';

/** The servers of the bench's own: what they do, their programs say (servers/). */
type OtherName = 'nodeHttp' | 'fastify' | 'redisGet' | 'pageCache' | 'noCache' | 'select';

export type Servers = Readonly<Record<ServiceName | OtherName, Server>>;

/** Fills a database of its own, starts all that is measured, and takes from the service what the others send. */
export async function openSetting(
  scope: Scope,
  { rows, pinning }: { rows: number; pinning: Pinning },
): Promise<Setting> {
  const database = await scratchDatabase(scope);
  await fill(database, rows, SEED);
  const { url: redis } = await startRedis(scope);
  const folder = await checkout(scope);
  const env = { DATABASE_URL: database, REDIS_URL: redis, PAGES: folder };
  const options = { prefix: pinning.server, cwd: folder, env };
  const services = await startServices(scope, options);
  await change(services.service.port);
  const pages = await fetchPages(services.service.port, LIST);
  await writePages(folder, pages);
  const servers = { ...services, ...(await startOthers(scope, options)) };
  return { rows, pages, servers, urls: { database, redis } };
}

async function startServices(scope: Scope, { env, ...options }: ProgramOptions) {
  const start = (own: Readonly<Record<string, string>>, program = 'src/server.js') => {
    const all = { ...env, API_KEYS: WRITE_KEY, WRITE_RATE_LIMIT: '0', PAGE_CACHE_TTL, ...own };
    return startServer(scope, program, { ...options, env: all });
  };
  return {
    service: await start({}),
    silent: await start({ LOG_LEVEL: 'silent' }),
    remote: await start({ CACHE_LOCAL: 'off' }),
    slowPath: await start({}, 'bench/speed/servers/slow-path.js'),
  };
}

async function startOthers(scope: Scope, options: ProgramOptions) {
  const start = (name: string) => startServer(scope, `bench/speed/servers/${name}.js`, options);
  return {
    nodeHttp: await start('node-http'),
    fastify: await start('fastify'),
    redisGet: await start('redis-get'),
    pageCache: await start('page-cache'),
    noCache: await start('no-cache'),
    select: await start('select'),
  };
}
