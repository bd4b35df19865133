import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { PROPERTIES } from '../../../src/features/properties/tags.ts';
import { execute } from '../../../support/database.ts';
import { skipWithoutRedis, startRedis } from '../../../support/redis.ts';
import { checkout } from '../../../support/server.ts';
import { authorization, build, invalidationOf, LISTING, settled } from '../../helpers/app.ts';
import { privatePostgres } from '../../helpers/private-postgres.ts';
import { openRedis } from '../../helpers/stores.ts';

const list = (app: FastifyInstance) => app.inject('/properties/');
const add = (app: FastifyInstance, title: string) =>
  app.inject({
    method: 'POST',
    url: '/properties/',
    headers: { authorization },
    payload: { ...LISTING, title },
  });
const titles = async (app: FastifyInstance): Promise<string[]> =>
  (await list(app)).json().properties.map(({ title }: { title: string }) => title);

/** Asks again until it is so: what is awaited happens in another process, which does not report it. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await delay(10);
}

t.test('Redis goes away and comes back', { skip: skipWithoutRedis }, async (t) => {
  const redis = await startRedis(t);
  const app = await build(t, { REDIS_URL: redis.url }, {});
  await settled(app, () => add(app, 'first'));
  t.match((await list(app)).headers['cache-status'], /stored/);
  t.match((await list(app)).headers['cache-status'], /hit/);

  await redis.stop();
  await until(() => app.caches.bypassed);
  t.same(await titles(app), ['first'], 'reads come from PostgreSQL');
  t.match((await list(app)).headers['cache-status'], 'property-listings; fwd=bypass');
  t.equal((await add(app, 'second')).statusCode, 201, 'writes succeed once committed');
  t.same(await titles(app), ['first', 'second']);
  t.match((await app.inject('/health/ready')).json(), {
    status: 'ready',
    dependencies: { redis: 'down', postgresql: 'up' },
  });
  t.match((await app.inject('/properties/cache-metrics/')).json(), {
    metrics: { keyspace_hits: null, hit_ratio: null },
    bypassed: true,
  });

  const back = Date.now();
  await startRedis(t, redis.port);
  await until(async () => /hit/.test(String((await list(app)).headers['cache-status'])));
  t.comment(`hits again ${Date.now() - back} ms after Redis was back`);
  t.same(await titles(app), ['first', 'second'], 'and nothing is stale');
});

t.test('Redis stops answering, and answers again', { skip: skipWithoutRedis }, async (t) => {
  const redis = await startRedis(t);
  const app = await build(t, { REDIS_URL: redis.url }, {});
  await settled(app, () => add(app, 'first'));
  await list(app);

  redis.pause();
  t.same(await titles(app), ['first'], 'reads come from PostgreSQL');
  await until(() => app.caches.bypassed); // Its silence counts as a lost connection: it is asked no more.
  t.equal((await add(app, 'second')).statusCode, 201);
  t.same(await titles(app), ['first', 'second']);

  redis.resume();
  await until(async () => /hit/.test(String((await list(app)).headers['cache-status'])));
  t.same(await titles(app), ['first', 'second']);
});

t.test('Redis comes back with what it held before a write', { skip: skipWithoutRedis }, async (t) => {
  const folder = await checkout(t);
  const redis = await startRedis(t, undefined, folder);
  const app = await build(t, { REDIS_URL: redis.url }, {});
  await settled(app, () => add(app, 'old'));
  t.same(await titles(app), ['old']);
  const admin = await openRedis(t, redis.url);
  await admin.sendCommand(['SAVE']);
  const { id } = (await list(app)).json().properties[0];
  const url = `/properties/${id}/`;
  await settled(app, () =>
    app.inject({ method: 'PATCH', url, headers: { authorization }, payload: { title: 'new' } }),
  );
  await redis.stop();
  await startRedis(t, redis.port, folder);
  await until(async () => /hit/.test(String((await list(app)).headers['cache-status'])));
  t.same(await titles(app), ['new']);
});

t.test(
  'a Redis that allows no channels is used without the local tier',
  { skip: skipWithoutRedis },
  async (t) => {
    const redis = await startRedis(t);
    const admin = await openRedis(t, redis.url);
    await admin.sendCommand(['ACL', 'SETUSER', 'app', 'on', '>secret', '~*', 'resetchannels', '+@all']);
    const app = await build(t, { REDIS_URL: redis.url.replace('//', '//app:secret@') }, {});
    await settled(app, () => add(app, 'first'));
    await list(app);
    await until(async () => /hit/.test(String((await list(app)).headers['cache-status'])));
    const { local, shared } = app.caches.counters.layers.pages;
    t.equal(local.hits, 0);
    t.ok(shared.hits > 0);
    t.equal((await add(app, 'second')).statusCode, 201);
    t.same(await titles(app), ['first', 'second']);
  },
);

t.test('a Redis that is away at the start is used when it comes', { skip: skipWithoutRedis }, async (t) => {
  const first = await startRedis(t);
  await first.stop();
  const app = await build(t, { REDIS_URL: first.url }, {});
  t.equal((await list(app)).statusCode, 200);
  await startRedis(t, first.port);
  await until(async () => /hit/.test(String((await list(app)).headers['cache-status'])));
});

t.test('PostgreSQL goes away and comes back', async (t) => {
  const postgres = await privatePostgres(t);
  const app = await build(t, { DATABASE_URL: postgres.url }, {});
  await settled(app, () => add(app, 'known'));
  const { id } = (await list(app)).json().properties[0];
  await app.inject(`/properties/${id}/`);

  await postgres.stop();
  await until(() => app.caches.bypassed);
  const stale = await list(app);
  t.equal(stale.statusCode, 200);
  t.match(stale.headers['cache-status'], /fwd-status=503; detail=stale-if-error/);
  t.equal(stale.json().properties[0].title, 'known');
  const write = await add(app, 'lost');
  t.equal(write.statusCode, 503);
  t.match(write.headers, { 'retry-after': '1', 'content-type': /problem\+json/ });
  t.equal((await app.inject('/properties/999/')).statusCode, 503, 'what was never known is not invented');
  t.match((await app.inject('/health/ready')).json(), { status: 'unavailable' });
  t.equal((await app.inject('/health/live')).statusCode, 200);

  await postgres.start();
  await until(() => !app.caches.bypassed);
  t.same(await titles(app), ['known'], 'nothing was half-written');
  const heard = invalidationOf(app, [PROPERTIES]);
  await execute(postgres.url, "UPDATE properties_property SET title = 'changed'");
  await heard;
  t.same(await titles(app), ['changed'], 'changes made elsewhere are heard again');
});
