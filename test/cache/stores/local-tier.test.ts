import t from 'tap';
import { createCaches } from '../../../src/cache/caches.ts';
import { Keyspace } from '../../../src/cache/redis/keyspace.ts';

import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { proxyTo } from '../../helpers/proxy.ts';
import { openLocalTier, openRedis } from '../../helpers/stores.ts';
import { PATIENT_CACHES, PATIENT_MS } from '../../helpers/times.ts';

const keyspace = new Keyspace();

const HOUR = { tags: ['tag'], ttl: 3600 };
const value = (text: string) => ({ head: {}, body: Buffer.from(text) });

t.test('memory in front of Redis', { skip: skipWithoutRedis }, async (t) => {
  const url = await scratchRedis(t);
  const admin = await openRedis(t, url);

  t.test('a hit is the same object, and no command is sent', async (t) => {
    const { store } = await openLocalTier(t, url);
    const { data } = createCaches({ store, everything: ['tag'], staleIfError: 0, ...PATIENT_CACHES });
    const filled = await data.get('zero', HOUR, async () => value('kept'));
    const commands = async () =>
      Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1]);
    const before = await commands();
    for (let read = 0; read < 1000; read += 1) {
      if ((await data.get('zero', HOUR, async () => value('loaded'))) !== filled) t.fail('loaded again');
    }
    t.ok((await commands()) - before < 10, 'nothing but signs of life');
  });

  t.test('what another instance filled is kept here too', async (t) => {
    const [one, other] = [await openLocalTier(t, url), await openLocalTier(t, url)];
    const { data } = createCaches({
      store: one.store,
      everything: ['tag'],
      staleIfError: 0,
      ...PATIENT_CACHES,
    });
    await data.get('kept', HOUR, async () => value('filled elsewhere'));
    const caches = createCaches({
      store: other.store,
      everything: ['tag'],
      staleIfError: 0,
      ...PATIENT_CACHES,
    });
    for (const tier of ['shared', 'local'] as const) {
      await caches.data.get('kept', HOUR, async () => value('loaded'));
      t.equal(caches.counters.layers.data[tier].hits, 1, tier);
    }
  });

  t.test('an invalidation is seen at once here, and elsewhere when Redis reports it', async (t) => {
    const [one, other] = [await openLocalTier(t, url), await openLocalTier(t, url)];
    const caches = [one, other].map(({ store }) =>
      createCaches({ store, everything: ['tag'], staleIfError: 0, ...PATIENT_CACHES }),
    );
    for (const { data } of caches) await data.get('seen', HOUR, async () => value('old'));
    await caches[0]?.invalidate(['tag']);
    t.equal(one.mirror.tokens(['tag']), undefined);
    await other.connection.client.ping();
    t.equal(other.mirror.tokens(['tag']), undefined);
    t.same([one.changed, other.changed], [[], ['tag']], 'who did it is not told');
  });

  t.test(
    'what this process invalidates is forgotten before Redis was asked: it may not answer',
    async (t) => {
      const { store, mirror } = await openLocalTier(t, url);
      await store.read('key', ['asked']);
      t.ok(mirror.tokens(['asked']));
      const invalidated = store.invalidate(['asked']);
      t.equal(mirror.tokens(['asked']), undefined);
      await invalidated;
    },
  );

  t.test('a token that was mirrored while it was being taken away is forgotten all the same', async (t) => {
    const { store, mirror, connection } = await openLocalTier(t, url);
    await store.read('key', ['race']);
    const invalidated = store.invalidate(['race']);
    await mirror.follow('race', () => connection.client.get(keyspace.token('race'))); // Sent after, answered before it returns.
    await mirror.follow('race', async () => 'the old token, had it come from another connection');
    await invalidated;
    t.equal(mirror.tokens(['race']), undefined);
  });

  t.test('when everything is flushed, nothing is known', async (t) => {
    const { store, mirror, connection } = await openLocalTier(t, url);
    await store.read('key', ['flushed']);
    t.ok(mirror.tokens(['flushed']));
    await admin.flushDb();
    await connection.client.ping();
    t.equal(mirror.tokens(['flushed']), undefined);
  });

  t.test('a key that is no token is not taken away', async (t) => {
    const { store, mirror, connection, changed } = await openLocalTier(t, url);
    await store.read('entry', ['tag']);
    await admin.set('cache:entry', 'changed');
    await connection.client.ping();
    t.same(changed, []);
    t.ok(mirror.tokens(['tag']));
  });

  t.test('a fill that is known to come too late takes no good entry’s place', async (t) => {
    const { store } = await openLocalTier(t, url);
    const { tokens } = await store.read('late', ['late']);
    await store.invalidate(['late']);
    const good = {
      value: value('good'),
      tokens: (await store.read('late', ['late'])).tokens,
      storedAt: 1,
      ttl: 60,
    };
    await store.write('late', good, 60);
    t.equal(await store.write('late', { ...good, value: value('old'), tokens }, 60), false);
    t.equal((await store.last('late'))?.entry, good);
    t.same((await store.read('late', ['late'])).entry, good);
  });

  t.test('when the network drops every packet, nothing here is trusted once its time is over', async (t) => {
    const network = await proxyTo(t, url);
    let late = 0;
    const now = () => performance.now() + late;
    const { store, connection } = await openLocalTier(t, network.url, { now });
    const caches = { store, everything: ['tag'], staleIfError: 0 };
    await createCaches({ ...caches, ...PATIENT_CACHES }).data.get('dropped', HOUR, async () => value('old'));
    const { data } = createCaches({ ...caches, patience: 50 });
    network.drop();
    await admin.del(keyspace.token('tag')); // Invalidated elsewhere: no report reaches this process.
    const read = async () => (await data.get('dropped', HOUR, async () => value('new'))).body.toString();
    late = PATIENT_MS;
    t.equal(await read(), 'new');
    await network.mend();
    await connection.client.ping();
    t.equal(await read(), 'new');
  });
});
