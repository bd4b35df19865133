import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import t, { type Test } from 'tap';
import { PROPERTIES, tagsOfProperty } from '../../src/features/properties/tags.ts';
import { execute } from '../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../support/redis.ts';
import {
  add,
  authorization,
  build,
  changeUnheard,
  empty,
  invalidationOf,
  settled,
  write,
} from '../helpers/app.ts';
import { writtenKeys } from '../hostile/fixture.ts';

const LIST = '/properties/';
const ROW = '/properties/1/';
const HIT = 'property-listings; hit; ttl=900';
const MISS = 'property-listings; fwd=uri-miss';

const kinds = [
  { name: 'memory', skip: false, environment: async () => ({}) },
  {
    name: 'Redis',
    skip: skipWithoutRedis,
    environment: async (t: Test) => ({ REDIS_URL: await scratchRedis(t) }),
  },
] as const;

for (const { name, skip, environment } of kinds) {
  t.test(`the pages of the service, over ${name}`, { skip }, async (t) => {
    const app = await build(t, await environment(t));
    const get = (url: string, headers = {}) => app.inject({ url, headers });
    const head = (url: string, headers = {}) => app.inject({ method: 'HEAD', url, headers });
    const status = async (url: string) => (await get(url)).headers['cache-status'];

    /** One listing, whose pages were not requested yet. */
    const fresh = async () => {
      await empty(app);
      await add(app);
    };

    for (const url of [LIST, ROW]) {
      t.test(`${url}: the second GET is a hit that asks no database`, async (t) => {
        await fresh();
        const first = await get(url);
        t.match(first.headers['cache-status'], /; stored$/);
        t.notOk('age' in first.headers);
        await changeUnheard(app, `UPDATE properties_property SET title = 'unheard'`);
        const second = await get(url);
        t.equal(second.headers['cache-status'], HIT);
        t.equal(second.headers.age, '0');
        t.equal(second.body, first.body);
        for (const header of ['etag', 'cache-control', 'content-type', 'content-length']) {
          t.equal(second.headers[header], first.headers[header], header);
        }
        t.equal(second.headers['cache-control'], 'no-cache');
      });

      t.test(
        `${url}: with or without the slash, and with a query that asks nothing, it is one page`,
        async (t) => {
          await fresh();
          const { headers } = await get(url);
          const queries = url === LIST ? ['?', '?&', '?sort=id'] : ['?', '?utm=1', '?b=2&a=1&a=2'];
          for (const same of ['', ...queries].flatMap((query) => [url + query, url.slice(0, -1) + query])) {
            const response = await get(same);
            t.equal(response.headers['cache-status'], HIT, same);
            t.equal(response.headers.etag, headers.etag);
          }
        },
      );

      t.test(`${url}: HEAD is answered from the entry of GET, and makes none itself`, async (t) => {
        await fresh();
        for (const _ of ['once', 'twice']) {
          const missed = await head(url);
          t.equal(missed.statusCode, 200);
          t.equal(missed.body, '');
          t.notMatch(missed.headers['cache-status'], /stored|hit/);
        }
        const got = await get(url);
        t.match(got.headers['cache-status'], /; stored$/);
        const answered = await head(url);
        t.equal(answered.headers['cache-status'], HIT);
        t.equal(answered.body, '');
        for (const header of ['etag', 'content-length', 'content-type', 'cache-control']) {
          t.equal(answered.headers[header], got.headers[header], header);
        }
      });

      t.test(`${url}: a request with Authorization may be a hit, and makes no entry`, async (t) => {
        await fresh();
        for (const _ of ['once', 'twice']) {
          t.notMatch((await get(url, { authorization })).headers['cache-status'], /stored|hit/);
        }
        await get(url);
        t.equal((await get(url, { authorization })).headers['cache-status'], HIT);
      });

      t.test(`${url}: If-None-Match answers 304 to a hit and to a miss, in all its forms`, async (t) => {
        await fresh();
        const { headers, body } = await get(url);
        const etag = String(headers.etag);
        t.match(etag, /^"[\w-]{27}"$/, 'strong');
        const ask = async (method: 'GET' | 'HEAD', form: string, hit: boolean) => {
          if (!hit) await app.caches.invalidate([PROPERTIES, ...tagsOfProperty(1)]);
          return app.inject({ method, url, headers: { 'if-none-match': form } });
        };
        for (const hit of [true, false]) {
          for (const form of [etag, `W/${etag}`, '*', ' * ', `"a", ${etag}`, `"a",W/${etag},"b"`]) {
            const got = await ask('GET', form, hit);
            t.equal(got.statusCode, 304, `${form}, ${hit ? 'hit' : 'miss'}`);
            t.equal(got.body, '');
            t.equal(got.headers.etag, etag);
            t.equal(got.headers['cache-control'], 'no-cache');
            t.match(got.headers['cache-status'], hit ? /; hit;/ : /; stored$/);
            t.notOk('content-type' in got.headers || 'content-length' in got.headers);
            const head = await ask('HEAD', form, hit);
            t.equal(head.statusCode, 304, 'HEAD too');
            t.equal(head.headers.etag, etag);
            t.equal(head.headers['content-length'], String(Buffer.byteLength(body)));
            await get(url);
          }
          for (const form of [
            '"a"',
            etag.slice(1, -1),
            etag.slice(0, -2),
            `"x${etag.slice(1)}`,
            'W/"a", "b"',
            '',
          ]) {
            const got = await ask('GET', form, hit);
            t.equal(got.statusCode, 200, `${form}, ${hit ? 'hit' : 'miss'}`);
            t.equal(got.body, body);
          }
        }
      });
    }

    t.test('the ETag changes with the listing, and comes back with it', async (t) => {
      await fresh();
      const { etag } = (await get(ROW)).headers;
      await settled(app, () => write(app, 'PATCH', ROW, { title: 'other' }));
      const changed = await get(ROW, { 'if-none-match': String(etag) });
      t.equal(changed.statusCode, 200);
      t.not(changed.headers.etag, etag);
      await settled(app, () => write(app, 'PATCH', ROW, { title: 'Flat in Osu' }));
      t.equal((await get(ROW)).headers.etag, etag);
    });

    t.test('neither a 404 nor a 400 is stored: a row that appears is seen at once', async (t) => {
      await fresh();
      for (const _ of ['once', 'twice']) {
        const missing = await get('/properties/77/');
        t.equal(missing.statusCode, 404);
        t.equal(missing.headers['cache-status'], MISS);
        t.notOk('etag' in missing.headers);
        t.equal((await get('/properties/77/', { 'if-none-match': '*' })).statusCode, 404);
        t.equal((await get('/properties/x/')).statusCode, 400);
      }
      await changeUnheard(app, 'UPDATE properties_property SET id = 77');
      t.equal((await get('/properties/77/')).statusCode, 200);
    });

    t.test(
      'a query that the list does not know is refused each time, and no entry is made or used',
      async (t) => {
        await fresh();
        await get(LIST);
        const written = writtenKeys(app.caches.store);
        for (const query of ['utm=1', 'b=2&a=1&a=2', 'Limit=1', 'location[]=Accra']) {
          for (const url of [`${LIST}?${query}`, `${LIST.slice(0, -1)}?${query}`, `${LIST}?${query}`]) {
            const response = await get(url, { 'if-none-match': '*' });
            t.match(response.json(), { status: 400, code: 'FST_ERR_VALIDATION' }, url);
            t.notOk('cache-status' in response.headers || 'etag' in response.headers);
          }
        }
        t.equal(written.size, 0);
      },
    );

    t.test(
      'a change of one row empties its page and the list, and leaves every other page a hit',
      async (t) => {
        await empty(app);
        for (const title of ['A', 'B']) await add(app, { title });
        for (const url of [LIST, ROW, '/properties/2/']) await get(url);
        await settled(app, () => write(app, 'PATCH', ROW, { title: 'changed' }));
        t.equal(await status('/properties/2/'), HIT);
        t.equal(await status(ROW), 'property-listings; fwd=stale; stored');
        t.equal(await status(LIST), 'property-listings; fwd=stale; stored');
        await add(app);
        t.equal(await status(ROW), HIT, 'a new row changes no page of another');
        t.equal(await status(LIST), 'property-listings; fwd=stale; stored');
        await settled(app, () => write(app, 'DELETE', ROW));
        t.equal(await status('/properties/2/'), HIT);
        t.equal((await get(ROW)).statusCode, 404);
      },
    );

    t.test('what another program changes empties the same pages', async (t) => {
      await empty(app);
      for (const title of ['A', 'B']) await add(app, { title });
      for (const url of [LIST, ROW, '/properties/2/']) await get(url);
      const heard = invalidationOf(app, ['properties', 'property:1']);
      await execute(
        app.config.DATABASE_URL ?? '',
        `UPDATE properties_property SET title = 'psql' WHERE id = 1`,
      );
      await heard;
      t.equal((await get(ROW)).json().title, 'psql');
      t.equal((await get(LIST)).json().properties[0].title, 'psql');
      t.equal(await status('/properties/2/'), HIT);
    });

    t.test('thirty that ask for a page at once cost one query', async (t) => {
      for (const url of [LIST, ROW]) {
        await fresh();
        const answers: ReturnType<typeof get>[] = [];
        const queries = await whileLocked(app, () => {
          for (let count = 0; count < 30; count += 1) answers.push(get(url));
        });
        t.equal(queries, 1, `${url}: one waits for the table`);
        const statuses = (await Promise.all(answers)).map(({ headers }) => String(headers['cache-status']));
        t.equal(statuses.filter((status) => status.endsWith('; stored')).length, 1);
        t.equal(statuses.filter((status) => status === `${MISS}; collapsed` || status === HIT).length, 29);
        t.ok(statuses.includes(`${MISS}; collapsed`));
        t.equal(new Set((await Promise.all(answers)).map(({ body }) => body)).size, 1);
      }
    });

    t.test('PAGE_CACHE_TTL is the ttl of a page', async (t) => {
      const app = await build(t, { ...(await environment(t)), PAGE_CACHE_TTL: '7' });
      await app.inject(LIST);
      t.equal((await app.inject(LIST)).headers['cache-status'], 'property-listings; hit; ttl=7');
    });
  });
}

/** Runs `ask` while the table is locked, and says how many queries came to stand before the lock. */
async function whileLocked(app: FastifyInstance, ask: () => void): Promise<number> {
  const client = new pg.Client({ connectionString: app.config.DATABASE_URL });
  await client.connect();
  await client.query('BEGIN; LOCK TABLE properties_property IN ACCESS EXCLUSIVE MODE');
  ask();
  const waiting = `SELECT count(*)::int FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE NOT granted AND relation = 'properties_property'::regclass AND datname = current_database()`;
  let count = 0;
  while (count === 0) count = (await client.query(waiting)).rows[0].count;
  await client.query('COMMIT');
  await client.end();
  return count;
}
