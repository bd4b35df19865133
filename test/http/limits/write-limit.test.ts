import { createHash } from 'node:crypto';
import { mock } from 'node:test';
import t, { type Test } from 'tap';
import { buildApp } from '../../../src/app.ts';
import { openRedis } from '../../../src/cache/redis/connection.ts';
import { RedisWatch } from '../../../src/cache/redis/watch.ts';
import { WriteCounts } from '../../../src/http/write-limit/write-counts.ts';
import type { Times } from '../../../src/platform/times.ts';
import { scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis, startRedis } from '../../../support/redis.ts';
import { build, LISTING, WRITE_KEY } from '../../helpers/app.ts';
import { PATIENT, PATIENT_MS } from '../../helpers/times.ts';

const OTHER_KEY = 'another-write-key';
const LIMIT = 3;

const DATABASE_URL = await scratchDatabase(t);

const limited = (t: Test, env: Record<string, string> = {}, times: Times = PATIENT) =>
  build(
    t,
    {
      DATABASE_URL,
      API_KEYS: `${WRITE_KEY},${OTHER_KEY}`,
      WRITE_RATE_LIMIT: String(LIMIT),
      LOG_LEVEL: 'silent',
      ...env,
    },
    times,
  );

type App = Awaited<ReturnType<typeof limited>>;

interface From {
  readonly key?: string;
  readonly address?: string;
  readonly forwarded?: string;
}

function post(app: App, { key, address = '192.0.2.1', forwarded }: From) {
  return app.inject({
    method: 'POST',
    url: '/properties/',
    remoteAddress: address,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
    },
    payload: LISTING,
  });
}

async function statuses(app: App, from: From, count = LIMIT + 1): Promise<number[]> {
  const all: number[] = [];
  for (let write = 0; write < count; write += 1) all.push((await post(app, from)).statusCode);
  return all;
}

t.test('a key that has made its writes gets 429, and every answer says how many are left', async (t) => {
  const app = await limited(t);
  for (let left = LIMIT - 1; left >= 0; left -= 1) {
    const { statusCode, headers } = await post(app, { key: WRITE_KEY });
    t.equal(statusCode, 201);
    t.equal(headers['ratelimit-limit'], String(LIMIT));
    t.equal(headers['ratelimit-remaining'], String(left));
    t.match(headers['ratelimit-reset'], /^\d+$/);
  }
  const refused = await post(app, { key: WRITE_KEY });
  const after = refused.headers['retry-after'];
  t.match(after, /^(60|[1-5]?\d)$/);
  t.strictSame(refused.json(), {
    type: 'about:blank',
    title: 'Too Many Requests',
    status: 429,
    detail: `This client has made all the writes that it may make in a minute: try again in ${after} seconds`,
    code: 'PL_TOO_MANY_WRITES',
    request_id: refused.headers['x-request-id'],
  });
  t.match(refused.headers, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'ratelimit-remaining': '0',
  });

  const same = { authorization: `Bearer ${WRITE_KEY}` };
  for (const [method, url] of [
    ['PUT', '/properties/1/'],
    ['PATCH', '/properties/1/'],
    ['DELETE', '/properties/1/'],
    ['POST', '/properties/bulk/'],
  ] as const) {
    t.equal((await app.inject({ method, url, headers: same })).statusCode, 429, `${method}, of one budget`);
  }
  t.equal((await post(app, { key: OTHER_KEY })).statusCode, 201, 'another key has its own');
  t.equal((await app.inject({ url: '/properties/', headers: same })).statusCode, 200, 'reads have no limit');
});

t.test('wrong keys use up the writes of their address, and not those of a right key', async (t) => {
  const app = await limited(t);
  const guesses: number[] = [];
  for (const key of ['a', 'b', 'c', 'd', 'e']) guesses.push((await post(app, { key })).statusCode);
  t.same(guesses, [401, 401, 401, 429, 429]);
  t.equal((await post(app, {})).statusCode, 429, 'nor does none');
  t.equal((await post(app, { address: '192.0.2.2' })).statusCode, 401);
  t.same(await statuses(app, { key: WRITE_KEY }), [201, 201, 201, 429]);
});

t.test('an IPv6 client is its network, whatever its last 64 bits are', async (t) => {
  const app = await limited(t);
  for (const last of ['1', '2', '3']) await post(app, { address: `2001:db8::${last}` });
  t.equal((await post(app, { address: '2001:db8::4' })).statusCode, 429);
  t.equal((await post(app, { address: '2001:db8:1::4' })).statusCode, 401);
});

t.test('X-Forwarded-For says who the client is when a believed proxy sends it, and only then', async (t) => {
  const from = (forwarded: string) => ({ forwarded, address: '10.0.0.1' });
  const app = await limited(t);
  t.same(await statuses(app, from('1.1.1.1')), [401, 401, 401, 429]);
  t.equal((await post(app, from('2.2.2.2'))).statusCode, 429);

  const behind = await limited(t, { TRUST_PROXY: '10.0.0.0/8' });
  t.same(await statuses(behind, from('1.1.1.1')), [401, 401, 401, 429]);
  t.same(await statuses(behind, from('2.2.2.2')), [401, 401, 401, 429]);
  t.equal((await post(behind, { address: '192.0.2.7', forwarded: '3.3.3.3' })).statusCode, 401);
});

t.test('a proxy that is no address stops the start with one line that names it', async (t) => {
  for (const TRUST_PROXY of ['10.0.0.0/99', 'a:b', '10.0.0.300', 'yes', '1e3']) {
    const env = { DATABASE_URL, TRUST_PROXY };
    await t.rejects(buildApp({ env, dataDirectory: 'unused' }), {
      code: 'PL_CONFIGURATION',
      message: /^TRUST_PROXY /,
    });
  }
});

t.test('without a limit no response mentions one', async (t) => {
  const app = await limited(t, { WRITE_RATE_LIMIT: '0' });
  const { statusCode, headers } = await post(app, { key: WRITE_KEY });
  t.equal(statusCode, 201);
  t.notOk(Object.keys(headers).some((name) => name.startsWith('ratelimit')));
});

t.test('two instances count together in Redis', { skip: skipWithoutRedis }, async (t) => {
  const REDIS_URL = await scratchRedis(t);
  const [one, other] = [await limited(t, { REDIS_URL }), await limited(t, { REDIS_URL })];
  t.same(await statuses(one, { key: WRITE_KEY }, 2), [201, 201]);
  t.same(await statuses(other, { key: WRITE_KEY }, 2), [201, 429]);
  t.same(await statuses(one, { key: WRITE_KEY }, 1), [429]);
  const digest = createHash('sha256').update(`writes:${WRITE_KEY}`).digest('hex').slice(0, 32);
  const left = await one.redis?.pTTL(`property-listings:writes:key:${digest}`);
  t.ok(Number(left) > 0 && Number(left) <= 60_000, 'the count ends with its minute');
});

t.test('without its Redis an instance counts on by itself', { skip: skipWithoutRedis }, async (t) => {
  const redis = await startRedis(t);
  const app = await limited(
    t,
    { REDIS_URL: redis.url },
    { ...PATIENT, countMs: 20, invalidationMs: 20, storeMs: 20 },
  );
  t.equal((await post(app, { key: WRITE_KEY })).statusCode, 201);
  redis.pause();
  t.teardown(redis.resume);
  t.same(await statuses(app, { key: WRITE_KEY }, 3), [201, 201, 429], 'while it hangs');
  redis.resume();
  await redis.stop();
  t.same(await statuses(app, { key: OTHER_KEY }), [201, 201, 201, 429], 'and while it is gone');
});

t.test(
  'a count does not wait for a Redis that hangs, and does not ask it again at once',
  { skip: skipWithoutRedis },
  async (t) => {
    const redis = await startRedis(t);
    const connection = openRedis(redis.url);
    t.teardown(() => connection.close());
    await connection.connect();
    let asked = 0;
    const watch = new RedisWatch(connection);
    const shared = {
      count: (name: string, windowMs: number) => {
        asked += 1;
        return watch.count(name, windowMs);
      },
    };
    const [patient, impatient] = [new WriteCounts(shared, PATIENT_MS), new WriteCounts(shared, 20)];
    const count = (counts = patient) =>
      new Promise<{ current: number; ttl: number }>((resolve) => {
        counts.incr('somebody', (_, result) => resolve(result), 1_000);
      });
    t.match(await count(), { current: 1, ttl: 1_000 });
    await connection.client.persist('cache:writes:somebody');
    t.match(await count(), { current: 2, ttl: 1_000 }, 'a count without an end gets one');
    redis.pause();
    t.teardown(redis.resume);
    const now = performance.now();
    mock.method(performance, 'now', () => now);
    t.teardown(() => mock.restoreAll());
    t.match([(await count(impatient)).current, asked], [1, 3], 'it counts by itself, after it has asked');
    t.match([(await count(impatient)).current, asked], [2, 3], 'and without that');
  },
);

t.test('a window that is over begins anew', async (t) => {
  const counts = new WriteCounts();
  const count = (milliseconds: number) =>
    new Promise<number>((resolve) => {
      counts.incr('somebody', (_, { current }) => resolve(current), milliseconds);
    });
  t.equal(await count(0), 1);
  t.equal(await count(60_000), 1);
  t.equal(await count(60_000), 2);
});

t.test('every route counts with the others', async (t) => {
  const counts = new WriteCounts();
  t.equal(counts.child(), counts);
});
