import { setImmediate as turn } from 'node:timers/promises';
import type { RedisClientType } from 'redis';
import t from 'tap';
import { Keyspace } from '../../../src/cache/redis/keyspace.ts';
import { type Refusal, RefusalWatch } from '../../../src/cache/redis/permissions.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { openRedis } from '../../helpers/stores.ts';

t.test('what Redis refuses', { skip: skipWithoutRedis }, async (t) => {
  const url = await scratchRedis(t);
  const [lost, live] = [await openRedis(t, url), await openRedis(t, url)];
  lost.destroy();
  let client: RedisClientType = lost;
  let asked = 0;
  const told: (readonly Refusal[])[] = [];
  const watch = new RefusalWatch(
    {
      keyspace: new Keyspace(),
      get client() {
        asked += 1;
        return client;
      },
    },
    (refused) => told.push(refused),
  );
  const looked = async () => {
    const before = asked;
    while (asked === before) {
      watch.look();
      await turn();
    }
  };
  await looked();
  await looked();
  t.same(told, [], 'one that is lost refuses nothing');
  client = live;
  await looked();
  await looked();
  t.same(told, [], 'one that refuses nothing is no news');
  watch.close();
  const before = asked;
  watch.look();
  t.equal(asked, before);
});
