import { EventEmitter, once } from 'node:events';
import t, { type Test } from 'tap';
import { scratchDatabase } from '../../support/database.ts';
import { scratchRedis, skipWithoutRedis, startRedis } from '../../support/redis.ts';
import { add, build, empty, LISTING, settled, write } from '../helpers/app.ts';
import { proxyTo } from '../helpers/proxy.ts';
import { PATIENT } from '../helpers/times.ts';

t.test('live answers that the process is up, and is never stored', async (t) => {
  const app = await build(t);
  for (const url of ['/health/live', '/health/live/']) {
    const response = await app.inject(url);
    t.equal(response.statusCode, 200);
    t.equal(response.body, '{"status":"up"}');
    t.equal(response.headers['cache-control'], 'no-store');
  }
});

t.test('ready names each dependency; without REDIS_URL there is no Redis to wait for', async (t) => {
  const app = await build(t);
  const { here } = app.caches.counters.invalidations;
  for (const url of ['/health/ready', '/health/ready/']) {
    const response = await app.inject(url);
    t.equal(response.statusCode, 200);
    t.equal(response.body, '{"status":"ready","dependencies":{"postgresql":"up","redis":"not configured"}}');
    t.equal(response.headers['cache-control'], 'no-store');
  }
  t.equal(app.caches.counters.invalidations.here, here, 'asking is no write');
});

t.test('a database without the table is migrated when the service starts', async (t) => {
  const app = await build(t, { DATABASE_URL: await scratchDatabase(t, { migrated: false }) });
  t.equal((await app.inject('/health/ready')).statusCode, 200);
  t.equal((await app.inject('/properties/')).body, '{"properties":[]}');
});

t.test('ready names Redis when there is one', { skip: skipWithoutRedis }, async (t) => {
  const app = await build(t, { REDIS_URL: await scratchRedis(t) });
  t.same((await app.inject('/health/ready')).json(), {
    status: 'ready',
    dependencies: { postgresql: 'up', redis: 'up' },
  });
});

t.test('a PostgreSQL whose connections are all in use is up', async (t) => {
  const app = await build(t, {}, { ...PATIENT, probeMs: 20 });
  const CONNECTIONS = 10;
  const busy = await Promise.all(Array.from({ length: CONNECTIONS }, () => app.pool.connect()));
  const ready = await app.inject('/health/ready');
  t.equal(ready.statusCode, 200);
  t.equal(ready.json().dependencies.postgresql, 'up');
  for (const client of busy) client.release();
});

t.test('a Redis that says nothing is down', { skip: skipWithoutRedis }, async (t) => {
  const network = await proxyTo(t, await scratchRedis(t));
  const app = await build(t, { REDIS_URL: network.url }, { ...PATIENT, redisSilenceMs: 300 });
  const lost = once(app.redisConnection?.events ?? new EventEmitter(), 'lost');
  network.drop();
  await lost; // What the cache and the metrics know too.
  t.match((await app.inject('/health/ready')).json(), {
    status: 'ready',
    dependencies: { postgresql: 'up', redis: 'down' },
  });
  await network.mend();
});

t.test('without PostgreSQL ready answers 503 and live 200, until it is back', async (t) => {
  const network = await proxyTo(t, await scratchDatabase(t));
  const app = await build(t, { DATABASE_URL: network.url });
  await network.cut();
  const ready = await app.inject('/health/ready');
  t.equal(ready.statusCode, 503);
  t.same(ready.json(), {
    status: 'unavailable',
    dependencies: { postgresql: 'down', redis: 'not configured' },
  });
  t.equal(ready.headers['cache-control'], 'no-store');
  t.equal((await app.inject('/health/live')).statusCode, 200);
  await network.mend();
  t.equal((await app.inject('/health/ready')).statusCode, 200);
});

t.test('before the end ready answers 503, and everything else goes on', async (t) => {
  const app = await build(t);
  app.drain.begin();
  const ready = await app.inject('/health/ready');
  t.equal(ready.statusCode, 503);
  t.match(ready.json(), { status: 'stopping', dependencies: { postgresql: 'up' } });
  t.equal((await app.inject('/health/live')).statusCode, 200);
  t.equal((await app.inject('/properties/')).statusCode, 200);
});

t.test('a worker whose place another one has taken goes on to be ready', async (t) => {
  const app = await build(t);
  app.drain.begin({ unready: false });
  t.equal((await app.inject('/health/ready')).statusCode, 200);
});

const METRICS = '/properties/cache-metrics/';

const kinds = [
  { store: 'memory', skip: false, environment: async () => ({}) },
  {
    store: 'redis',
    skip: skipWithoutRedis,
    environment: async (t: Test) => ({ REDIS_URL: await scratchRedis(t) }),
  },
] as const;

for (const { store, skip, environment } of kinds) {
  t.test(`the metrics of ${store}`, { skip }, async (t) => {
    const app = await build(t, await environment(t));
    const metrics = async () => (await app.inject(METRICS)).json();

    t.test('the four figures of Redis come first, in this order, then those of this service', async (t) => {
      for (const url of [METRICS, METRICS.slice(0, -1)]) {
        const response = await app.inject(url);
        t.equal(response.statusCode, 200);
        t.match(
          response.body,
          /^\{"metrics":\{"keyspace_hits":\d+,"keyspace_misses":\d+,"total_requests":\d+,"hit_ratio":[\d.e-]+\},/,
        );
        t.same(Object.keys(response.json()), ['metrics', 'store', 'layers', 'invalidations', 'bypassed']);
        t.match(response.json(), { store, invalidations: { failed: 0 }, bypassed: false });
      }
    });

    t.test('they are never cached', async (t) => {
      const { headers } = await app.inject(METRICS);
      t.equal(headers['cache-control'], 'no-store');
      t.notOk('etag' in headers || 'cache-status' in headers);
    });

    t.test('every page asked for moves them as it should', async (t) => {
      await empty(app);
      await add(app);
      const before = await metrics();
      for (const url of [
        '/properties/',
        '/properties/',
        '/properties/1/',
        '/properties/1/',
        '/properties/9/',
      ]) {
        await app.inject(url);
      }
      const after = await metrics();
      const moved = (layer: 'pages' | 'data', tier: 'local' | 'shared') =>
        Object.fromEntries(
          Object.entries<number>(after.layers[layer][tier])
            .map(([name, count]) => [name, count - before.layers[layer][tier][name]] as const)
            .filter(([, count]) => count > 0),
        );
      const both = store === 'redis';
      t.same(moved('pages', 'local'), { hits: 2, misses: 3, fills: 2 });
      t.same(moved('data', 'local'), { misses: 1, fills: 1 });
      t.same(moved('pages', 'shared'), both ? { misses: 3, fills: 2 } : {});
      t.same(moved('data', 'shared'), both ? { misses: 1, fills: 1 } : {});
      t.ok(after.metrics.keyspace_hits >= before.metrics.keyspace_hits + 2);
      t.ok(after.metrics.keyspace_misses >= before.metrics.keyspace_misses + 2);
      const { keyspace_hits, keyspace_misses, total_requests, hit_ratio } = after.metrics;
      t.equal(total_requests, keyspace_hits + keyspace_misses);
      t.equal(hit_ratio, keyspace_hits / total_requests);
    });

    t.test('a write counts its own invalidation and its echo', async (t) => {
      const { here } = (await metrics()).invalidations;
      await settled(app, () => write(app, 'PATCH', '/properties/1/', { title: 'T' }));
      t.equal((await metrics()).invalidations.here, here + 2);
    });
  });
}

t.test('before any request the ratio is 0, not NaN', async (t) => {
  const app = await build(t);
  t.same((await app.inject(METRICS)).json().metrics, {
    keyspace_hits: 0,
    keyspace_misses: 0,
    total_requests: 0,
    hit_ratio: 0,
  });
});

t.test(
  'while Redis is down they say so, and neither reads nor writes fail',
  { skip: skipWithoutRedis },
  async (t) => {
    const redis = await startRedis(t);
    const app = await build(t, { REDIS_URL: redis.url });
    await app.inject('/properties/');
    await redis.stop();
    t.equal((await write(app, 'POST', '/properties/', LISTING)).statusCode, 201);
    const list = await app.inject('/properties/');
    t.equal(list.headers['cache-status'], 'property-listings; fwd=bypass');
    t.equal(list.json().properties.length, 1);
    const { metrics, invalidations, bypassed } = (await app.inject(METRICS)).json();
    t.equal(bypassed, true);
    t.same(metrics, { keyspace_hits: null, keyspace_misses: null, total_requests: null, hit_ratio: null });
    t.ok(invalidations.failed > 0);
    t.same((await app.inject('/health/ready')).json(), {
      status: 'ready',
      dependencies: { postgresql: 'up', redis: 'down' },
    });
  },
);
