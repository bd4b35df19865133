import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { build, LISTING, settled, write } from '../../helpers/app.ts';
import { proxyTo } from '../../helpers/proxy.ts';
import { PATIENT } from '../../helpers/times.ts';

type Samples = ReadonlyMap<string, number>;

/** The samples of the text format, by name and labels as they are written. */
async function scrape(app: FastifyInstance): Promise<Samples> {
  const { statusCode, headers, body } = await app.inject('/metrics');
  if (statusCode !== 200 || headers['cache-control'] !== 'no-store')
    throw new Error(`${statusCode}: ${body}`);
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.replace(/^.* /, ''))]));
}

const request = (name: string, route: string, status: number, method = 'GET') =>
  `http_request_duration_seconds_${name}{route="${route}",method="${method}",status="${status}"}`;

/** Answers over HTTP, where hits do not go through the router. */
async function fetched(app: FastifyInstance, ...paths: string[]): Promise<void> {
  for (const path of paths) await (await fetch(app.listeningOrigin + path)).arrayBuffer();
}

t.test('requests are counted by route, method and status, hits before the router too', async (t) => {
  const app = await build(t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { id } = (await settled(app, () => write(app, 'POST', '/properties/', LISTING))).json();
  const row = `/properties/${id}/`;
  await fetched(app, row, row, row, row, '/properties/0/', '/nowhere/else', '/nowhere');
  const samples = await scrape(app);
  t.equal(samples.get(request('count', '/properties/:id/', 200)), 4);
  t.equal(samples.get(request('count', '/properties/', 201, 'POST')), 1);
  t.equal(samples.get(request('count', 'none', 404)), 2);
  const sum = samples.get(request('sum', '/properties/:id/', 200)) ?? 0;
  t.ok(sum > 0 && sum < 60, 'seconds');

  const buckets = [...samples].filter(([name]) =>
    /^http_request_duration_seconds_bucket\{.*route="\/properties\/:id\/",method="GET",status="200"/.test(
      name,
    ),
  );
  const counts = buckets.map(([, count]) => count);
  t.same(
    counts,
    [...counts].sort((a, b) => a - b),
    'cumulative',
  );
  t.equal(counts.at(-1), 4);
  t.match(buckets.at(-1)?.[0], /le="\+Inf"/);
});

t.test('a request is in the first bucket that is not shorter', async (t) => {
  const app = await build(t);
  for (const elapsed of [0.5, 0.75, 10_000, 10_001]) app.requestDurations.add('/x', 'GET', 200, elapsed);
  const samples = await scrape(app);
  const bucket = (le: string) =>
    samples.get(`http_request_duration_seconds_bucket{route="/x",method="GET",status="200",le="${le}"}`);
  t.same(['0.0005', '0.001', '5', '10', '+Inf'].map(bucket), [1, 2, 2, 3, 4]);
  t.equal(samples.get(request('sum', '/x', 200)), 20.00225);
});

t.test('the cache counts by layer, tier and outcome, and what invalidates it by cause', async (t) => {
  const url = await scratchDatabase(t);
  const app = await build(t, { DATABASE_URL: url });
  const outcome = (layer: string, name: string) =>
    `cache_outcomes_total{layer="${layer}",tier="local",outcome="${name}"}`;
  for (let read = 0; read < 3; read += 1) await app.inject('/properties/');
  const before = await scrape(app);
  const { local } = app.caches.counters.layers.pages;
  t.ok(local.hits === 2 && local.misses > 0);
  t.equal(before.get(outcome('pages', 'hit')), local.hits);
  t.equal(before.get(outcome('pages', 'miss')), local.misses);
  t.equal(before.get(outcome('data', 'fill')), 1);
  t.equal(before.get('cache_bypassed'), 0);

  await settled(app, () => write(app, 'POST', '/properties/', LISTING));
  const told = new Promise<void>((resolve) => {
    app.caches.events.on('invalidation', (_tags, { cause }) => cause === 'program' && resolve());
  });
  await execute(url, 'DELETE FROM properties_property');
  await told;
  const after = await scrape(app);
  for (const cause of ['write', 'echo', 'program']) {
    t.equal(after.get(`cache_invalidations_total{cause="${cause}"}`), 1, cause);
    t.equal(after.get(`cache_invalidation_seconds_count{cause="${cause}"}`), 1, cause);
    t.ok(Number(after.get(`cache_invalidation_seconds_sum{cause="${cause}"}`)) < 60, cause);
  }

  app.caches.distrust('test');
  app.caches.events.emit('pending', [], new Error('of the test'));
  const doubtful = await scrape(app);
  t.equal(doubtful.get('cache_bypassed'), 1);
  t.equal(doubtful.get('cache_invalidations_failed_total'), 1);
});

t.test('the pool says how many connections it has, and how long they were waited for and used', async (t) => {
  const network = await proxyTo(t, await scratchDatabase(t));
  const app = await build(t, { DATABASE_URL: network.url });
  const before = await scrape(app);
  await app.prisma.$queryRaw`SELECT 1 FROM pg_sleep(0.1)`;
  const after = await scrape(app);
  const grown = (name: string) => Number(after.get(name)) - Number(before.get(name) ?? 0);
  t.equal(grown('postgresql_pool_use_seconds_count'), 1);
  t.equal(grown('postgresql_pool_wait_seconds_count'), 1);
  t.ok(grown('postgresql_pool_use_seconds_sum') >= 0.1);
  t.equal(after.get('postgresql_pool_connections{state="idle"}'), 1);
  t.equal(after.get('postgresql_pool_connections{state="used"}'), 0);
  t.equal(after.get('postgresql_pool_waiting'), 0);

  await network.cut();
  await t.rejects(app.prisma.$queryRaw`SELECT 1`);
  t.ok(Number((await scrape(app)).get('postgresql_pool_wait_seconds_count')) > 0, 'in vain');
});

t.test('what the service depends on is up or down', { skip: skipWithoutRedis }, async (t) => {
  const toRedis = await proxyTo(t, await scratchRedis(t));
  const toPostgres = await proxyTo(t, await scratchDatabase(t));
  const app = await build(t, { REDIS_URL: toRedis.url, DATABASE_URL: toPostgres.url });
  const figure = async (name: string) => (await scrape(app)).get(name);
  const up = (dependency: string) => figure(`dependency_up{dependency="${dependency}"}`);
  while (!app.redisWatch?.size) await turn();
  t.same(await Promise.all([up('postgresql'), up('redis')]), [1, 1]);
  t.ok(Number(await figure('redis_keys')) >= 0);
  t.ok(Number(await figure('redis_used_memory_bytes')) > 100_000);
  await app.inject('/properties/');
  t.ok(Number(await figure('cache_entries')) > 0);
  t.ok(Number(await figure('cache_bytes')) > 0);

  const lost = once(app.redisConnection?.events ?? new EventEmitter(), 'lost');
  await toRedis.cut();
  await lost;
  t.same(await Promise.all([up('postgresql'), up('redis')]), [1, 0]);
  t.same(await Promise.all(['redis_keys', 'redis_used_memory_bytes'].map(figure)), [Number.NaN, Number.NaN]);
  await toPostgres.cut();
  while (app.changes.alive) await turn();
  t.equal(await up('postgresql'), 0);
});

t.test('no client can make series without end', async (t) => {
  const app = await build(t);
  const seriesOf = async () => (await scrape(app)).size;
  const methods = ['GET', 'POST', 'PROPFIND', 'MKCOL', 'LOCK', 'TRACE', 'SEARCH'] as const;
  const ask = async (round: number) => {
    for (const method of methods) {
      for (const path of [`/x${round}`, `/properties/${round}/`, `/properties/?q=${round}`]) {
        await app.inject({ method: method as 'GET', url: path });
      }
    }
  };
  await ask(1);
  await scrape(app);
  const once = await seriesOf();
  await ask(2);
  await ask(3);
  t.equal(await seriesOf(), once);
});

t.test(
  'process figures and the delay of the event loop are there, and the reference names every other',
  async (t) => {
    const env = { REDIS_URL: 'redis://127.0.0.1:1' }; // Whether it is there or not.
    const app = await build(t, env, { ...PATIENT, redisStartMs: 1 });
    const { body } = await app.inject('/metrics');
    t.match(body, /^process_resident_memory_bytes \d+/m);
    t.match(body, /^nodejs_eventloop_lag_p99_seconds \S+/m);
    const page = readFileSync(join(packageRoot, 'docs/reference/metrics.md'), 'utf8');
    const named = [...body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => String(name));
    const own = named.filter((name) => !/^(process|nodejs)_/.test(name));
    const [, section = ''] = /^## `GET \/metrics`\n([\s\S]+?)^## /m.exec(page) ?? [];
    const rows = [...section.matchAll(/^\| (`\w+`(?:, `\w+`)*)/gm)].map(([, names]) => String(names));
    const told = rows.flatMap((names) => names.replaceAll('`', '').split(', '));
    t.same(told.sort(), own.sort());
  },
);
