import { once } from 'node:events';
import t, { type Test } from 'tap';
import { Keyspace } from '../../../src/cache/redis/keyspace.ts';

import { PROPERTIES } from '../../../src/features/properties/tags.ts';
import { execute } from '../../../support/database.ts';
import { skipWithoutRedis } from '../../../support/redis.ts';
import { add, build } from '../../helpers/app.ts';
import {
  closesSoon,
  clusterPorts,
  clusterUrl,
  isMaster,
  patch,
  RedisProcess,
  startCluster,
  status,
  timed,
  titles,
  until,
  untilHit,
  untilItFollows,
} from '../../helpers/redis-topologies.ts';

const keyspace = new Keyspace('property-listings');

const MASTERS = 3;
const ROWS = 6;

t.test('a cluster of three masters', { skip: skipWithoutRedis }, async (t) => {
  const ports = await clusterPorts(MASTERS);
  const REDIS_URL = clusterUrl(ports);
  const app = await build(t, { REDIS_URL }, {});
  const other = await build(t, { REDIS_URL, DATABASE_URL: app.config.DATABASE_URL ?? '' }, {});
  const instances = [app, other];

  await t.test('it is away at the start, and is used when it comes', async (t) => {
    t.same(await titles(app), []);
    t.notMatch(await status(app), /hit/);
  });
  const whileEmpty = new Promise<void>((resolve) => {
    app.redisConnection?.events.on('lost', ({ message }) => {
      if (message === 'the cluster has slots without a node') resolve();
    });
  });
  const { nodes } = await startCluster(t, ports, { whileEmpty });
  for (const instance of instances) await untilHit(instance);
  for (let row = 1; row <= ROWS; row += 1) await add(app, { title: `row ${row}` });

  await t.test('pages become hits, on keys of several nodes', async (t) => {
    await untilHit(app);
    for (let row = 1; row <= ROWS; row += 1) await untilHit(app, `/properties/${row}/`);
    t.match(await status(other), /hit/, 'what one instance stored the other one serves');
    const sizes = await Promise.all(nodes.map(async (node) => Number(await node.command(['DBSIZE']))));
    t.ok(sizes.filter((size) => size > 0).length >= 2, `keys: ${sizes}`);
  });

  await t.test('a write is seen through the other instance at once', async (t) => {
    for (const title of ['first', 'second', 'third']) {
      t.equal(await patch(app, 1, title), 200);
      t.equal((await titles(other))[0], title);
      t.equal((await other.inject('/properties/1/')).json().title, title);
    }
  });

  await t.test('one instance invalidates what all are notified of', async (t) => {
    await untilHit(other);
    await untilHit(other, '/properties/1/');
    await Promise.all(nodes.map((node) => node.command(['CONFIG', 'RESETSTAT'])));
    await execute(app.config.DATABASE_URL ?? '', "UPDATE properties_property SET title = 'sql' WHERE id = 1");
    const calls = (command: string) => RedisProcess.sum(nodes, 'commandstats', `cmdstat_${command}`);
    await until(
      'both instances have run the script for all three tags',
      async () => (await calls('eval')) === 6,
    );
    t.equal(await calls('del'), 3, 'each token is deleted once');
    t.equal((await titles(other))[0], 'sql');
    t.equal((await app.inject('/properties/1/')).json().title, 'sql');
  });

  await t.test('the metrics are the sums of all nodes', async (t) => {
    await untilHit(app, '/properties/2/');
    const sums = async () => {
      const names = ['keyspace_hits', 'keyspace_misses'];
      return Promise.all(names.map((name) => RedisProcess.sum(nodes, 'stats', name)));
    };
    // Until nothing is counted meanwhile: what the last hit has caused is still going on.
    await until('the metrics are those of all nodes', async () => {
      const before = await sums();
      const { metrics } = (await app.inject('/properties/cache-metrics/')).json();
      const seen = [metrics.keyspace_hits, metrics.keyspace_misses];
      return metrics.keyspace_hits > 0 && `${seen}` === `${before}` && `${seen}` === `${await sums()}`;
    });
    t.pass();
  });

  await t.test('a node is killed, and started again without what it held', async (t) => {
    const [node] = nodes;
    await node?.kill();
    t.equal((await titles(app))[0], 'sql');
    t.equal(await patch(app, 1, 'while it is away'), 200);
    for (const instance of instances) {
      const seen = await titles(instance);
      t.equal(seen[0], 'while it is away');
    }
    const [milliseconds] = await timed(async () => {
      await node?.start();
      for (const instance of instances) {
        await untilHit(instance);
        t.equal((await titles(instance))[0], 'while it is away');
      }
    });
    t.comment(`hits again ${milliseconds} ms after the node was started`);
  });

  await t.test('a node is silent, and answers again', async (t) => {
    const [, node] = nodes;
    const noticed = instances.map((instance) => once(Object(instance.redisConnection).events, 'lost'));
    node?.pause();
    t.equal(await patch(app, 1, 'while it is silent'), 200);
    for (const instance of instances) {
      const seen = await titles(instance);
      t.equal(seen[0], 'while it is silent');
    }
    await Promise.all(noticed);
    node?.resume();
    for (const instance of instances) {
      await untilHit(instance);
      t.equal((await titles(instance))[0], 'while it is silent');
    }
  });

  await t.test('closing ends everything soon, in every state', async (t) => {
    await closesSoon(t, { url: REDIS_URL, servers: nodes, app: other });
  });
});

t.test('replicas take over', { skip: skipWithoutRedis }, async (t) => {
  const ports = await clusterPorts(MASTERS + 1);
  const { first, second } = await startCluster(t, ports, { replicated: keyspace.token(PROPERTIES) });
  const REDIS_URL = clusterUrl(ports.slice(0, 2));
  const app = await build(t, { REDIS_URL }, {});
  const other = await build(t, { REDIS_URL, DATABASE_URL: app.config.DATABASE_URL ?? '' }, {});
  const instances = [app, other];
  const { id } = await add(app, { title: 'old' });
  const agree = async (t: Test, title: string) => {
    for (const instance of instances) t.same(await titles(instance), [title]);
  };
  for (const instance of instances) await untilHit(instance);

  await t.test('at a command: no connection is lost, and the old master names the new one', async (t) => {
    await second?.command(['CLUSTER', 'FAILOVER']);
    await until('the replica is the master', async () => {
      await agree(t, 'old');
      return isMaster(second);
    });
    t.equal(await patch(app, id, 'after it'), 200);
    await agree(t, 'after it');
    for (const instance of instances) await untilHit(instance);
    await agree(t, 'after it');
    if (first) await untilItFollows(first);
  });

  await t.test('without the last tokens, when the master is killed', async (t) => {
    await second?.command(['WAIT', '1', '1000']);
    first?.pause();
    t.equal(await patch(app, id, 'new'), 200);
    await agree(t, 'new');
    await second?.kill();
    first?.resume();
    const [promoted] = await timed(() =>
      until('the replica is the master', async () => {
        await agree(t, 'new');
        return isMaster(first);
      }),
    );
    const [used] = await timed(async () => {
      for (const instance of instances) await untilHit(instance);
    });
    await agree(t, 'new');
    t.comment(`promoted after ${promoted} ms, hits again ${used} ms later`);
    t.equal(await patch(app, id, 'newer'), 200);
    await agree(t, 'newer');
  });
});
