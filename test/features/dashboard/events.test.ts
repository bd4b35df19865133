import { hostname } from 'node:os';
import t, { type Test } from 'tap';
import { MAX_STREAMS } from '../../../src/features/dashboard/event-streams.ts';
import type { Invalidation } from '../../../src/features/dashboard/live-events.ts';
import { locationTag } from '../../../src/features/properties/tags.ts';
import type { Times } from '../../../src/platform/times.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis, startRedis } from '../../../support/redis.ts';
import { add, build, LISTING, write } from '../../helpers/app.ts';
import { proxyTo } from '../../helpers/proxy.ts';
import { PATIENT } from '../../helpers/times.ts';
import { EVENTS, watch } from './event-client.ts';

/** The service, on a real socket. */
async function listen(t: Test, env: Record<string, string> = {}, times: Times = PATIENT) {
  const app = await build(t, env, { ...times, sampleMs: 50 });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return app;
}

t.test('the stream begins with hello, and no proxy stores or buffers it', async (t) => {
  const app = await listen(t);
  const { response, next } = await watch(t, app);
  t.equal(response.statusCode, 200);
  t.match(response.headers, {
    'content-type': /^text\/event-stream/,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    connection: 'close',
    'x-content-type-options': 'nosniff',
  });
  const { startedAt, state, ...hello } = await next('hello');
  t.match(hello, { instance: `${hostname()}:${process.pid}`, store: 'memory', localTier: true });
  t.match(state, { postgresql: 'up', redis: 'off', bypassed: false });
  t.ok(startedAt <= Date.now() && state.since >= startedAt);
});

t.test('every second there is a sample of what was asked in it', async (t) => {
  const app = await listen(t);
  const { next } = await watch(t, app);
  const { samples: before } = await next('hello');
  await app.inject('/properties/');
  await app.inject('/properties/');
  const seen = [await next('sample')];
  const sum = (outcome: 'hits' | 'misses' | 'bypasses') =>
    seen.reduce((total, { pages }) => total + pages.local[outcome], 0);
  while (sum('hits') === 0) seen.push(await next('sample')); // The second may have ended between the two.
  t.same([sum('hits'), sum('misses'), sum('bypasses')], [1, 1, 0]);
  t.match(seen.at(-1), { local: { entries: 2 }, redis: null });
  const { samples: kept } = await (await watch(t, app)).next('hello');
  t.strictSame(kept.slice(before.length, before.length + seen.length), seen, 'who comes later sees it too');
  t.same(kept.map(({ at }) => at).sort(), [...new Set(kept.map(({ at }) => at))], 'one after the other');
});

t.test('a write is told as such, once', async (t) => {
  const app = await listen(t);
  const { next } = await watch(t, app);
  await next('hello');
  await write(app, 'POST', '/properties/', LISTING);
  const first = await next('invalidation');
  t.match(first, { cause: 'write', by: null, latencyMs: Number });
  const tag = locationTag(LISTING.location);
  t.same([...first.tags].sort(), [tag, 'properties']);
  t.same(first.names, { [tag]: [LISTING.location] }, 'its location has its name');
  await write(app, 'POST', '/properties/', LISTING);
  t.match(await next('invalidation'), { id: first.id + 1, cause: 'write' }, 'no echo in between');
});

t.test('a change by SQL is told with the program that made it, and how long it took', async (t) => {
  const app = await listen(t);
  const { id } = await add(app);
  const { next } = await watch(t, app);
  const before = (await next('hello')).invalidations;
  await execute(
    app.config.DATABASE_URL ?? '',
    `SET application_name = 'psql'; UPDATE properties_property SET price = 1 WHERE id = ${id}`,
  );
  const told: Invalidation = await next('invalidation');
  t.match(told, { id: (before.at(-1)?.id ?? 0) + 1, cause: 'program', by: 'psql', more: 0 });
  t.ok(told.tags.includes(`property:${id}`));
  t.same(Object.values(told.names), [[LISTING.location]]);
  t.ok(told.latencyMs !== null && told.latencyMs >= 0);
  const { invalidations } = await (await watch(t, app)).next('hello');
  t.strictSame(invalidations.at(-1), told, 'who comes later sees it too');
});

t.test('while PostgreSQL is away the state says so', async (t) => {
  const network = await proxyTo(t, await scratchDatabase(t));
  const app = await listen(t, { DATABASE_URL: network.url });
  const { next } = await watch(t, app);
  const { state } = await next('hello');
  await network.cut();
  const down = await next('state');
  t.match(down, { postgresql: 'down', redis: 'off', bypassed: true });
  t.ok(down.since >= state.since);
  await network.mend();
  for (let now = down; now.postgresql === 'down' || now.bypassed; ) now = await next('state');
  const { invalidations } = await (await watch(t, app)).next('hello');
  t.match(invalidations.at(-1), { cause: 'reconnect' });
});

t.test('of Redis the samples say what it holds', { skip: skipWithoutRedis }, async (t) => {
  const app = await listen(t, { REDIS_URL: await scratchRedis(t) });
  const { next } = await watch(t, app);
  t.match(await next('hello'), { store: 'redis', localTier: true, state: { redis: 'up' } });
  const { redis } = await next('sample');
  t.ok(redis && redis.keys >= 0 && redis.bytes > 100_000);
});

t.test('without the local tier hello says so', { skip: skipWithoutRedis }, async (t) => {
  const app = await listen(t, { REDIS_URL: await scratchRedis(t), CACHE_LOCAL: 'off' });
  t.match(await (await watch(t, app)).next('hello'), { store: 'redis', localTier: false });
});

t.test('while Redis is away the state says so', { skip: skipWithoutRedis }, async (t) => {
  const redis = await startRedis(t);
  const app = await listen(t, { REDIS_URL: redis.url });
  const { next } = await watch(t, app);
  t.match(await next('hello'), { state: { redis: 'up' } });
  await redis.stop();
  t.match(await next('state'), { redis: 'down' });
  t.equal((await next('sample')).redis, null);
  await startRedis(t, redis.port);
  for (let now = await next('state'); now.redis === 'down' || now.bypassed; ) now = await next('state');
  let sample = await next('sample');
  while (!sample.redis) sample = await next('sample');
  t.ok(sample.redis.bytes > 100_000, 'and it is asked again');
});

t.test('a Redis that is away at the start is down until it comes', { skip: skipWithoutRedis }, async (t) => {
  const redis = await startRedis(t);
  await redis.stop();
  const app = await listen(t, { REDIS_URL: redis.url }, { ...PATIENT, redisStartMs: 50 });
  const { next } = await watch(t, app);
  t.match(await next('hello'), { state: { redis: 'down' } });
  await startRedis(t, redis.port);
  for (let now = await next('state'); now.redis === 'down'; ) now = await next('state');
});

t.test('HEAD answers the headers and watches nothing', async (t) => {
  const app = await listen(t);
  for (let request = 0; request <= MAX_STREAMS; request += 1) {
    const response = await app.inject({ method: 'HEAD', url: EVENTS });
    t.equal(response.statusCode, 200);
    t.match(response.headers['content-type'], /^text\/event-stream/);
  }
});

t.test('the stream ends when the service does, and holds up nothing', async (t) => {
  const app = await listen(t);
  const { response, next } = await watch(t, app);
  await next('hello');
  await app.close(); // tap gives it 30 seconds.
  await t.rejects(next('hello'), /the stream ended/);
  t.ok(response.complete, 'with its end, not cut off');
});
