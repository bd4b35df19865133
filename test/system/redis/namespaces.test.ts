import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { build, LISTING, settled, write } from '../../helpers/app.ts';
import { openRedis } from '../../helpers/stores.ts';

// Two services, and two instances of one of them, on one Redis.

const bodyOf = async (app: FastifyInstance) => (await app.inject('/properties/')).body;

for (const CACHE_LOCAL of ['on', 'off']) {
  t.test(`services share a Redis, with CACHE_LOCAL=${CACHE_LOCAL}`, { skip: skipWithoutRedis }, async (t) => {
    const redis = await scratchRedis(t);
    const client = await openRedis(t, redis);
    const [ours, theirs] = [await scratchDatabase(t), await scratchDatabase(t)];
    const service = (CACHE_NAMESPACE: string, DATABASE_URL: string) =>
      build(t, { REDIS_URL: redis, CACHE_LOCAL, CACHE_NAMESPACE, DATABASE_URL });
    const [one, two, other] = [
      await service('ours', ours),
      await service('ours', ours),
      await service('theirs', theirs),
    ];
    const add = (app: FastifyInstance, title: string) =>
      settled(app, () => write(app, 'POST', '/properties/', { ...LISTING, title }));
    await add(one, 'Ours');
    await add(other, 'Theirs');
    for (const app of [one, two, other, one, two, other]) await bodyOf(app);
    for (const app of [one, two]) t.match(await bodyOf(app), '"title":"Ours"');
    t.match(await bodyOf(other), '"title":"Theirs"');

    const tokens = () => client.mGet(['ours:tag:properties', 'theirs:tag:properties']);
    const before = await tokens();
    await settled(one, () => write(one, 'PATCH', '/properties/1/', { title: 'Changed' }));
    t.match(await bodyOf(two), '"title":"Changed"', 'what one writes is what the other answers');
    const after = await tokens();
    t.not(after[0], before[0]);
    t.equal(after[1], before[1], "no token of the other service's is taken");
    t.match((await other.inject('/properties/')).headers['cache-status'], /; hit/);

    const keys = await client.keys('*');
    t.ok(keys.length > 0);
    t.same(
      keys.filter((key) => !/^(ours|theirs):/.test(key)),
      [],
      'every key has a namespace',
    );
    t.same(
      (await client.pubSubChannels()).filter((name) => !/^(ours|theirs):forget/.test(name)),
      [],
      'and every channel',
    );
  });
}

t.test('a namespace that cannot be one is refused by its name', async (t) => {
  for (const CACHE_NAMESPACE of ['a:b', 'a b', '{a}', 'x'.repeat(65)])
    await t.rejects(build(t, { CACHE_NAMESPACE }), { message: /^CACHE_NAMESPACE must be what all keys/ });
});
