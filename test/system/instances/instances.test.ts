import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { EVERYTHING } from '../../../src/features/properties/tags.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { authorization, build, invalidationOf, LISTING, settled } from '../../helpers/app.ts';

const statusOf = async (app: FastifyInstance, url: string) =>
  String((await app.inject(url)).headers['cache-status']);

/** Reads until the answer is a hit: what is awaited is the end of what other instances invalidate. */
async function warm(apps: readonly FastifyInstance[], urls: readonly string[]): Promise<void> {
  for (const app of apps) {
    for (const url of urls) while (!/; hit;/.test(await statusOf(app, url)));
  }
}

for (const CACHE_LOCAL of ['on', 'off']) {
  t.test(`instances on one Redis, with CACHE_LOCAL=${CACHE_LOCAL}`, { skip: skipWithoutRedis }, async (t) => {
    const DATABASE_URL = await scratchDatabase(t);
    const env = { DATABASE_URL, REDIS_URL: await scratchRedis(t), CACHE_LOCAL };
    const first = await build(t, env);
    const second = await build(t, env);
    const add = async () => {
      const request = {
        method: 'POST',
        url: '/properties/',
        headers: { authorization },
        payload: LISTING,
      } as const;
      return (await first.inject(request)).json().id as number;
    };
    const changed = await settled(first, add);
    const other = await settled(first, add);
    const urls = ['/properties/', `/properties/${changed}/`, `/properties/${other}/`];
    await warm([first, second], urls);

    const change = (app: FastifyInstance, title: string) =>
      app.inject({
        method: 'PATCH',
        url: `/properties/${changed}/`,
        headers: { authorization },
        payload: { title },
      });

    t.test('a write on one is seen at once on both, in the list and on its own page', async (t) => {
      for (const [writer, title] of [
        [first, 'by the first'],
        [second, 'by the second'],
      ] as const) {
        t.equal((await change(writer, title)).statusCode, 200);
        for (const app of [first, second]) {
          t.equal((await app.inject(`/properties/${changed}/`)).json().title, title);
          t.equal((await app.inject('/properties/')).json().properties[0].title, title);
        }
      }
    });

    t.test('the page of another row stays a hit', async (t) => {
      for (const app of [first, second]) t.match(await statusOf(app, `/properties/${other}/`), /; hit;/);
    });

    t.test('what psql changes is seen on both, and of another row nothing', async (t) => {
      await warm([first, second], urls);
      await execute(DATABASE_URL, `UPDATE properties_property SET title = 'by psql' WHERE id = ${changed}`);
      for (const app of [first, second]) {
        while ((await app.inject(`/properties/${changed}/`)).json().title !== 'by psql');
        while ((await app.inject('/properties/')).json().properties[0].title !== 'by psql');
        t.match(await statusOf(app, `/properties/${other}/`), /; hit;/);
      }
    });

    t.test('who changes what no trigger tells of can say so', async (t) => {
      await warm([first, second], urls);
      const told = [first, second].map((app) => invalidationOf(app, EVERYTHING));
      await execute(DATABASE_URL, "SELECT pg_notify('property_listings', '*')");
      await Promise.all(told);
      t.pass();
    });

    t.test('what the others invalidated is counted where Redis reports it', async (t) => {
      const { invalidations } = second.caches.counters;
      if (CACHE_LOCAL === 'off') return t.equal(invalidations.elsewhere, 0);
      // Not of every write: of what the second has read since, and has not just invalidated itself as a change it heard of.
      do {
        await warm([second], urls);
        await change(first, 'once more');
      } while (invalidations.elsewhere === 0);
      t.pass();
    });
  });
}
