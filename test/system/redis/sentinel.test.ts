import { once } from 'node:events';
import t from 'tap';
import { execute } from '../../../support/database.ts';
import { skipWithoutRedis } from '../../../support/redis.ts';
import { add, build } from '../../helpers/app.ts';
import {
  closesSoon,
  GROUP,
  isMaster,
  patch,
  type RedisProcess,
  sentinelPorts,
  sentinelUrl,
  startSentinels,
  status,
  timed,
  titles,
  until,
  untilHit,
  untilItFollows,
} from '../../helpers/redis-topologies.ts';

const PASSWORD = 'a-secret/of:theirs';

/** Each Sentinel hears of a new master from the one that made it so. */
async function untilAllName(sentinels: readonly RedisProcess[], { port }: RedisProcess): Promise<void> {
  for (const sentinel of sentinels) {
    await until(`the Sentinel at ${sentinel.port} names the new master`, async () =>
      String(await sentinel.command(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', GROUP])).endsWith(`,${port}`),
    );
  }
}

t.test('Sentinels and a master with a password', { skip: skipWithoutRedis }, async (t) => {
  const ports = await sentinelPorts();
  const REDIS_URL = sentinelUrl(ports, PASSWORD);
  const app = await build(t, { REDIS_URL }, {});
  const other = await build(t, { REDIS_URL, DATABASE_URL: app.config.DATABASE_URL ?? '' }, {});
  const instances = [app, other];

  await t.test('they are away at the start, and are used when they come', async (t) => {
    t.same(await titles(app), []);
    t.notMatch(await status(app), /hit/);
  });
  const { first, second, sentinels } = await startSentinels(t, ports, PASSWORD);
  for (const instance of instances) await untilHit(instance);
  const { id } = await add(app, { title: 'old' });

  await t.test('pages become hits, and writes are seen through the other instance at once', async (t) => {
    await untilHit(app);
    t.match(await status(other), /hit/, 'what one instance stored the other one serves');
    for (const title of ['first', 'second', 'third']) {
      t.equal(await patch(app, id, title), 200);
      t.same(await titles(other), [title]);
    }
    await execute(app.config.DATABASE_URL ?? '', "UPDATE properties_property SET title = 'sql'");
    await until('it is heard', async () => (await titles(other))[0] === 'sql');
    const { metrics } = (await app.inject('/properties/cache-metrics/')).json();
    t.equal(metrics.keyspace_hits, await first.figure('stats', 'keyspace_hits'));
  });

  await t.test('the replica is made the master, and the master a replica', async (t) => {
    t.equal(await patch(app, id, 'old'), 200);
    for (const instance of instances) await untilHit(instance);
    await until('the Sentinels begin', async () => {
      const answer = await sentinels[1]?.command(['SENTINEL', 'FAILOVER', GROUP]).catch(() => 'not yet');
      return answer === 'OK';
    });
    t.equal(await patch(app, id, 'meanwhile'), 200);
    await until('the replica is the master', async () => {
      for (const instance of instances) t.same(await titles(instance), ['meanwhile']);
      return isMaster(second);
    });
    await untilAllName(sentinels, second);
    await first.command(['REPLICAOF', '127.0.0.1', String(second.port)]); // A Sentinel would, ten seconds later.
    t.equal(await patch(app, id, 'after'), 200);
    for (const instance of instances) {
      t.same(await titles(instance), ['after']);
      await untilHit(instance);
      t.same(await titles(instance), ['after']);
    }
    await untilItFollows(first);
  });

  await t.test('a Sentinel that is silent or away disturbs no request', async (t) => {
    const lost: Error[] = [];
    for (const instance of instances)
      instance.redisConnection?.events.on('lost', (error) => lost.push(error));
    const [sentinel, next] = sentinels;
    const before = Number(await next?.figure('clients', 'connected_clients'));
    sentinel?.pause(); // The first of the URL: every client asked it.
    await until('the next one is asked', async () => {
      const clients = Number(await next?.figure('clients', 'connected_clients'));
      return clients >= before + instances.length;
    });
    await sentinel?.kill();
    await untilHit(other);
    t.same(lost, []);
    await sentinel?.start();
  });

  await t.test('the replica that takes over lacks the last tokens', async (t) => {
    t.equal(await patch(app, id, 'old'), 200);
    for (const instance of instances) await untilHit(instance);
    await second.command(['WAIT', '1', '1000']);
    first.pause();
    t.equal(await patch(app, id, 'new'), 200);
    for (const instance of instances) t.same(await titles(instance), ['new']);
    await second.kill();
    first.resume();
    t.equal(await patch(app, id, 'newer'), 200);
    const [promoted] = await timed(() =>
      until('the replica is the master', async () => {
        for (const instance of instances) {
          const seen = await titles(instance);
          t.same(seen, ['newer']);
        }
        return isMaster(first);
      }),
    );
    const [used] = await timed(async () => {
      for (const instance of instances) {
        await untilHit(instance);
        t.same(await titles(instance), ['newer']);
      }
    });
    t.comment(`promoted after ${promoted} ms, hits again ${used} ms later`);
    t.equal(await patch(other, id, 'newest'), 200);
    t.same(await titles(app), ['newest']);
  });

  await t.test('the master is silent and no one takes over', async (t) => {
    await untilHit(app);
    const noticed = instances.map((instance) => once(Object(instance.redisConnection).events, 'lost'));
    first.pause(); // Master again.
    t.equal(await patch(app, id, 'while it is silent'), 200);
    for (const instance of instances) {
      const seen = await titles(instance);
      t.same(seen, ['while it is silent']);
    }
    await Promise.all(noticed);
    first.resume();
    for (const instance of instances) {
      await untilHit(instance);
      t.same(await titles(instance), ['while it is silent']);
    }
  });

  await t.test('closing ends everything soon, in every state', async (t) => {
    await closesSoon(t, { url: REDIS_URL, servers: [first, second, ...sentinels], app: other });
  });
});
