import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { type CachesOptions, createCaches } from '../../../src/cache/caches.ts';
import { keyIn } from '../../../src/cache/core/key.ts';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import { MAX_VALUE_BYTES, type Store, type Value } from '../../../src/cache/stores/store.ts';
import { skipWithoutRedis } from '../../../support/redis.ts';
import { ChaosStore } from '../../helpers/chaos-store.ts';
import { Gate } from '../../helpers/gate.ts';
import { openLocalTier, storeKinds } from '../../helpers/stores.ts';
import { PATIENT_CACHES, PATIENT_MS } from '../../helpers/times.ts';

const HOUR = { tags: ['tag'], ttl: 3600 };
const value = (text: string): Value => ({ head: {}, body: Buffer.from(text) });
const text = async (found: Promise<Value>) => (await found).body.toString();
const cachesOver = (store: Store, options: Partial<CachesOptions> = {}) =>
  createCaches({
    store,
    everything: ['tag'],
    staleIfError: 0,
    patience: PATIENT_MS,
    invalidationPatience: PATIENT_MS,
    ...options,
  });

for (const { name, skip, open } of storeKinds) {
  t.test(`the read path over ${name}`, { skip }, async (t) => {
    t.test('a second read is a hit and loads nothing', async (t) => {
      const store = await open(t);
      const { data, counters, events } = cachesOver(store);
      const filled = new Promise((resolve) => events.once('fill', resolve));
      let loads = 0;
      const load = async () => value(`load ${++loads}`);
      t.equal(await text(data.get('key', HOUR, load)), 'load 1');
      t.equal(await text(data.get('key', HOUR, load)), 'load 1');
      await filled;
      t.match(counters.layers.data, {
        [store.local ? 'local' : 'shared']: { hits: 1, misses: 1, fills: 1, bypasses: 0 },
      });
    });

    t.test('the same key in two layers is two entries', async (t) => {
      const { data, pages } = cachesOver(await open(t));
      await data.get('key', HOUR, async () => value('data'));
      t.equal(await text(pages.get('key', HOUR, async () => value('page'))), 'page');
    });

    t.test('after an invalidation of one of its tags an entry is never served again', async (t) => {
      const { data, invalidate } = cachesOver(await open(t));
      const both = { tags: ['a', 'b'], ttl: 3600 };
      await data.get('key', both, async () => value('old'));
      await invalidate(['b']);
      t.equal(await text(data.get('key', both, async () => value('new'))), 'new');
      await data.invalidate(['a']);
      t.equal(await text(data.get('key', both, async () => value('newer'))), 'newer');
    });

    t.test('an invalidation of other tags leaves it a hit', async (t) => {
      const { data, invalidate } = cachesOver(await open(t));
      await data.get('key', HOUR, async () => value('kept'));
      await invalidate(['other']);
      t.equal(await text(data.get('key', HOUR, async () => value('loaded again'))), 'kept');
    });

    t.test('a load that began before an invalidation and ends after it is not served', async (t) => {
      const { data, invalidate } = cachesOver(await open(t));
      const gate = new Gate();
      const slow = data.get('key', HOUR, async () => {
        await gate.pass();
        return value('old');
      });
      await gate.reached;
      await invalidate(['tag']);
      gate.open();
      await slow;
      t.equal(await text(data.get('key', HOUR, async () => value('new'))), 'new');
    });

    t.test('who comes after an invalidation does not wait for a load that began before it', async (t) => {
      const { data, invalidate } = cachesOver(await open(t));
      const gate = new Gate();
      const slow = data.get('key', HOUR, async () => {
        await gate.pass();
        return value('old');
      });
      await gate.reached;
      await invalidate(['tag']);
      t.equal(await text(data.get('key', HOUR, async () => value('new'))), 'new');
      gate.open();
      t.equal(await text(slow), 'old');
      t.not(await text(data.get('key', HOUR, async () => value('newer'))), 'old');
    });

    t.test('a thousand who miss at once make one load', async (t) => {
      const { data } = cachesOver(await open(t));
      let loads = 0;
      const load = async () => value(`load ${++loads}`);
      const answers = await Promise.all(
        Array.from({ length: 1000 }, () => text(data.get('key', HOUR, load))),
      );
      t.same(new Set(answers), new Set(['load 1']));
    });

    t.test('a failing load fails for all who wait for it, and is not kept', async (t) => {
      const { data } = cachesOver(await open(t));
      const gate = new Gate();
      const failing = async () => {
        await gate.pass();
        throw new Error('no database');
      };
      const waiting = Array.from({ length: 3 }, () => data.get('key', HOUR, failing));
      await gate.reached;
      gate.open();
      for (const outcome of await Promise.allSettled(waiting))
        t.match(outcome, { reason: { message: 'no database' } });
      t.equal(await text(data.get('key', HOUR, async () => value('back'))), 'back');
    });

    t.test('when the leader stores nothing, those who wait go on by themselves', async (t) => {
      const { pages } = cachesOver(await open(t));
      const leader = await pages.lookup('key', ['tag']);
      const waiter = pages.lookup('key', ['tag']);
      if (leader.outcome !== 'miss') return t.fail('the first is a miss');
      leader.fill?.settle();
      t.match(await waiter, { outcome: 'miss', fill: {} });
    });

    t.test('a load that makes nothing settles without an entry, and nothing is kept', async (t) => {
      const { data, counters } = cachesOver(await open(t));
      const [first, others] = [new Gate(), new Gate()];
      const leader = data.get('key', HOUR, async () => {
        await first.pass();
        return undefined;
      });
      await first.reached;
      let loads = 0;
      const waiting = Array.from({ length: 3 }, () =>
        data.get('key', HOUR, async () => {
          loads += 1;
          if (loads === 3) void others.pass();
          return undefined;
        }),
      );
      while (counters.layers.data.local.waits < 3) await turn();
      first.open();
      t.equal(await leader, undefined);
      await others.reached;
      t.same(await Promise.all(waiting), [undefined, undefined, undefined]);
      t.equal(loads, 3, 'each by itself');
      t.equal(await text(data.get('key', HOUR, async () => value('now there is'))), 'now there is');
      t.equal(await text(data.get('key', HOUR, async () => value('loaded again'))), 'now there is');
    });

    t.test("an entry is its own key's: another key in its bucket misses, and replaces it", async (t) => {
      const { data } = cachesOver(await open(t));
      const get = (identity: string, load: string) =>
        text(data.get(keyIn('bucket', identity), HOUR, async () => value(load)));
      t.equal(await get('a', 'a 1'), 'a 1');
      t.equal(await get('a', 'a 2'), 'a 1');
      t.equal(await get('b', 'b 1'), 'b 1');
      t.equal(await get('b', 'b 2'), 'b 1');
      t.equal(await get('a', 'a 3'), 'a 3', 'the last one stays');
      t.equal(await get('a b', 'a b 1'), 'a b 1', 'an identity may have spaces');
      t.equal(await get('', 'nobody 1'), 'nobody 1', 'or nothing');
      t.equal(await get('', 'nobody 2'), 'nobody 1');
      const whole = (load: string) => text(data.get('bucket', HOUR, async () => value(load)));
      t.equal(await whole('whole 1'), 'whole 1', 'a key that is the bucket is another one');
      t.equal(await whole('whole 2'), 'whole 1');
      t.equal(await get('', 'nobody 3'), 'nobody 3');
    });

    t.test('any text is a key of its own, also with spaces', async (t) => {
      const { data } = cachesOver(await open(t));
      for (const key of ['all', 'all listings', 'all ']) await data.get(key, HOUR, async () => value(key));
      for (const key of ['all', 'all listings', 'all '])
        t.equal(await text(data.get(key, HOUR, async () => value('loaded again'))), key);
    });

    t.test('what shares a bucket is one entry in the store', async (t) => {
      const store = await open(t);
      const { data } = cachesOver(store);
      for (const identity of ['a', 'b'])
        await data.get(keyIn('bucket', identity), HOUR, async () => value(identity));
      t.match((await store.last('data:bucket'))?.entry, { identity: 'b', value: value('b') });
      for (const key of ['a', 'b'].map((identity) => `data:${keyIn('bucket', identity)}`))
        t.equal(await store.last(key), undefined);
    });

    t.test('no key is served the entry of another in the same bucket, however it is read', async (t) => {
      const store = await open(t);
      const { pages, events } = cachesOver(store, { staleIfError: 60 });
      const filled = new Promise((resolve) => events.once('fill', resolve));
      await pages.get(keyIn('bucket', 'a'), HOUR, async () => value('a'));
      await filled;
      const tags = ['tag'];
      const local = store.local && value('a');
      t.same(pages.peekLocal(keyIn('bucket', 'a'), tags)?.value.body, local?.body);
      t.match(await pages.peek(keyIn('bucket', 'a'), tags), { value: value('a') });
      t.match(await pages.lookup(keyIn('bucket', 'a'), tags, { lead: 'never' }), {
        outcome: 'hit',
        entry: { value: value('a') },
      });
      t.match(await pages.lastKnown(keyIn('bucket', 'a')), { value: value('a') });
      for (const other of [keyIn('bucket', 'b'), 'bucket', keyIn('bucket', 'A'), keyIn('bucket', '')]) {
        t.equal(pages.peekLocal(other, tags), undefined);
        t.equal(await pages.peek(other, tags), undefined);
        const found = await pages.lookup(other, tags, { lead: 'never', takes: () => true });
        t.match(found, { outcome: 'miss', known: false, refused: undefined });
        t.equal(await pages.lastKnown(other), undefined);
      }
    });

    t.test('two that share a bucket are loaded at once, and neither waits for the other', async (t) => {
      const { data } = cachesOver(await open(t));
      const gates = { a: new Gate(), b: new Gate() };
      const load = (identity: 'a' | 'b') => async () => {
        await gates[identity].pass();
        return value(identity);
      };
      const [a, alsoA] = [
        data.get(keyIn('bucket', 'a'), HOUR, load('a')),
        data.get(keyIn('bucket', 'a'), HOUR, load('a')),
      ];
      await gates.a.reached;
      const b = text(data.get(keyIn('bucket', 'b'), HOUR, load('b')));
      await gates.b.reached;
      gates.b.open();
      t.equal(await b, 'b', 'while a is still being loaded');
      gates.a.open();
      t.same(await Promise.all([text(a), text(alsoA)]), ['a', 'a']);
    });

    t.test('an expired entry of another key is not served while it is refreshed', async (t) => {
      let now = Date.now();
      const { data } = cachesOver(await open(t), { now: () => now, staleIfError: 3600 });
      await data.get(keyIn('bucket', 'a'), HOUR, async () => value('old a'));
      now += 3600 * 1000;
      const gate = new Gate();
      const refreshing = data.get(keyIn('bucket', 'a'), HOUR, async () => {
        await gate.pass();
        return value('new a');
      });
      await gate.reached;
      t.equal(await text(data.get(keyIn('bucket', 'b'), HOUR, async () => value('b'))), 'b');
      gate.open();
      t.equal(await text(refreshing), 'new a');
    });

    t.test('a caller that does not lead gets no fill and has no waiters', async (t) => {
      const { pages } = cachesOver(await open(t));
      t.match(await pages.lookup('key', ['tag'], { lead: 'never' }), { outcome: 'miss', fill: undefined });
      t.match(await pages.lookup('key', ['tag']), { outcome: 'miss', fill: {} });
    });
  });
}

t.test('an entry is fresh for its TTL and no longer', async (t) => {
  let now = 1_000_000;
  const { data } = cachesOver(new MemoryStore(1024 * 1024), { now: () => now });
  await data.get('key', HOUR, async () => value('old'));
  now += 3600 * 1000 - 1;
  t.equal(await text(data.get('key', HOUR, async () => value('new'))), 'old');
  now += 1;
  t.equal(await text(data.get('key', HOUR, async () => value('new'))), 'new');
});

t.test(
  'the last known answer can be had for as long as allowed: invalidated, expired or in doubt',
  async (t) => {
    let now = 1_000_000;
    const clock = { now: () => now };
    const { pages, invalidate, distrust } = cachesOver(new MemoryStore(1024 * 1024), {
      staleIfError: 60,
      ...clock,
    });
    await pages.get('key', { tags: ['tag'], ttl: 10 }, async () => value('known'));
    await invalidate(['tag']);
    t.match(await pages.lookup('key', ['tag'], { lead: 'never' }), { outcome: 'miss', known: true });
    distrust('test');
    now += 69_999;
    t.match((await pages.lastKnown('key'))?.value, value('known'));
    now += 2;
    t.equal(await pages.lastKnown('key'), undefined);
  },
);

t.test('with stale-if-error off there is no last known answer', async (t) => {
  const { pages, invalidate } = cachesOver(new MemoryStore(1024 * 1024));
  await pages.get('key', HOUR, async () => value('known'));
  await invalidate(['tag']);
  t.equal(await pages.lastKnown('key'), undefined);
});

t.test('when the store fails there is no last known answer', async (t) => {
  const store = new ChaosStore(new MemoryStore(1024 * 1024));
  const { pages } = cachesOver(store, { staleIfError: 60 });
  store.broken.add('last');
  t.equal(await pages.lastKnown('key'), undefined);
});

t.test('when the store fails, readers load by themselves and nothing is kept', async (t) => {
  const store = new ChaosStore(new MemoryStore(1024 * 1024));
  const { data, counters } = cachesOver(store);
  store.broken.add('read');
  t.equal(await text(data.get('key', HOUR, async () => value('loaded'))), 'loaded');
  store.broken.clear();
  t.equal(await text(data.get('key', HOUR, async () => value('again'))), 'again');
  t.match(counters, { layers: { data: { local: { errors: 1, bypasses: 1, misses: 1 } } } });
});

t.test('when the store cannot be written, the load still answers', async (t) => {
  const store = new ChaosStore(new MemoryStore(1024 * 1024));
  const { data, counters, events } = cachesOver(store);
  store.broken.add('write');
  const failed = new Promise((resolve) => events.once('failure', (_layer, _tier, during) => resolve(during)));
  t.equal(await text(data.get('key', HOUR, async () => value('loaded'))), 'loaded');
  t.equal(await failed, 'write');
  t.equal(counters.layers.data.local.errors, 1);
});

t.test('when the store hangs, a reader waits 100 ms and no longer', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const store = new ChaosStore(new MemoryStore(1024 * 1024));
  const { data } = createCaches({ store, everything: ['tag'], staleIfError: 0 });
  const gate = new Gate();
  store.before = () => gate.pass();
  const read = text(data.get('key', HOUR, async () => value('loaded')));
  await gate.reached;
  mock.timers.tick(99);
  await new Promise(setImmediate);
  t.equal(await Promise.race([read, 'still waiting']), 'still waiting');
  mock.timers.tick(1);
  t.equal(await read, 'loaded');
  gate.open();
});

t.test('when the leader hangs for three seconds, one of those who wait takes over', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const { data, counters } = cachesOver(new MemoryStore(1024 * 1024));
  const gate = new Gate();
  const hanging = data.get('key', HOUR, async () => {
    await gate.pass();
    return value('late');
  });
  await gate.reached;
  let loads = 0;
  const waiters = Array.from({ length: 10 }, () =>
    text(data.get('key', HOUR, async () => value(`own ${++loads}`))),
  );
  await new Promise(setImmediate);
  t.equal(counters.layers.data.local.waits, 10);
  mock.timers.tick(3_000);
  t.same(new Set(await Promise.all(waiters)), new Set(['own 1']));
  gate.open();
  t.equal((await hanging).body.toString(), 'late', 'the leader that hung gets what it loaded');
});

t.test('an expired entry is served while a leader refreshes it, and not after', async (t) => {
  let now = 1_000_000;
  const { data, counters } = cachesOver(new MemoryStore(1024 * 1024), { now: () => now });
  await data.get('key', HOUR, async () => value('old'));
  now += 3600 * 1000;
  const gate = new Gate();
  const refreshing = data.get('key', HOUR, async () => {
    await gate.pass();
    return value('new');
  });
  await gate.reached;
  const load = async () => value('loaded again');
  t.equal(await text(data.get('key', HOUR, load)), 'old');
  t.equal(counters.layers.data.local.stale_served, 1);
  gate.open();
  t.equal(await text(refreshing), 'new');
  t.equal(await text(data.get('key', HOUR, load)), 'new');
});

t.test('an invalidated entry is not served while a leader loads it again', async (t) => {
  let now = 1_000_000;
  const { data, invalidate } = cachesOver(new MemoryStore(1024 * 1024), { now: () => now });
  await data.get('key', HOUR, async () => value('old'));
  now += 3600 * 1000;
  await invalidate(['tag']);
  const gate = new Gate();
  const loading = data.get('key', HOUR, async () => {
    await gate.pass();
    return value('new');
  });
  await gate.reached;
  const waiter = text(data.get('key', HOUR, async () => value('unused')));
  gate.open();
  t.same([await text(loading), await waiter], ['new', 'new']);
});

t.test('when the clock is set back, what was stored before counts no more', async (t) => {
  let now = 10_000_000_000;
  const { data } = cachesOver(new MemoryStore(1024 * 1024), { now: () => now });
  await data.get('key', HOUR, async () => value('old'));
  now -= 59_000;
  t.equal(await text(data.get('key', HOUR, async () => value('new'))), 'old', 'clocks differ a little');
  now -= 2_000;
  t.equal(await text(data.get('key', HOUR, async () => value('new'))), 'new');
});

t.test('a value that is too large is handed to those who wait for it, and not kept', async (t) => {
  const { data, counters } = cachesOver(new MemoryStore(1024 * 1024 * 1024));
  const large = { head: {}, body: Buffer.alloc(MAX_VALUE_BYTES + 1) };
  const gate = new Gate();
  const leader = data.get('key', HOUR, async () => {
    await gate.pass();
    return large;
  });
  await gate.reached;
  const waiter = data.get('key', HOUR, async () => value('unused'));
  await new Promise(setImmediate);
  gate.open();
  t.equal(await leader, large);
  t.equal(await waiter, large);
  t.equal(await text(data.get('key', HOUR, async () => value('loaded again'))), 'loaded again');
  await new Promise(setImmediate);
  t.equal(counters.layers.data.local.fills, 1);
});

t.test('a fill that an invalidation overtook is counted as fenced', async (t) => {
  const { data, invalidate, counters, events } = cachesOver(new MemoryStore(1024 * 1024));
  const fenced = new Promise((resolve) => events.once('fenced', resolve));
  await data.get('key', HOUR, async () => {
    await invalidate(['tag']);
    return value('old');
  });
  await fenced;
  t.match(counters.layers.data.local, { fenced_fills: 1, fills: 0 });
});

t.test('a store that did not answer in time is left alone for a while, by both layers', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const store = new ChaosStore(new MemoryStore(1024 * 1024));
  const { pages, data, counters } = createCaches({ store, everything: ['tag'], staleIfError: 60 });
  const gate = new Gate();
  store.before = () => gate.pass();
  const page = pages.lookup('key', ['tag']);
  await gate.reached;
  mock.timers.tick(100);
  t.match(await page, { outcome: 'bypass' });
  t.equal(
    await text(data.get('key', HOUR, async () => value('loaded'))),
    'loaded',
    'without waiting once more',
  );
  t.equal(await pages.lastKnown('key'), undefined);
  t.equal(counters.layers.data.local.errors, 0);
  gate.open();
  while ((await pages.lookup('key', ['tag'])).outcome === 'bypass');
  t.pass('it is asked again');
});

t.test(
  'an answer that was under way when contact was lost is not used, though it is trusted again',
  async (t) => {
    const store = new ChaosStore(new MemoryStore(1024 * 1024));
    const { data, distrust, trust } = cachesOver(store, { everything: [] });
    await data.get('key', HOUR, async () => value('old'));
    const gate = new Gate();
    store.before = (operation) => (operation === 'read' ? gate.pass() : Promise.resolve());
    const read = text(data.get('key', HOUR, async () => value('loaded')));
    await gate.reached;
    distrust('test');
    await trust('test');
    gate.open();
    t.equal(await read, 'loaded');
  },
);

t.test(
  'the last known answer in memory is there when Redis says nothing',
  { skip: skipWithoutRedis },
  async (t) => {
    const { store } = await openLocalTier(t);
    const options = { store, everything: ['tag'], staleIfError: 60 };
    await createCaches({ ...options, ...PATIENT_CACHES }).pages.get('key', HOUR, async () => value('known'));
    const { pages } = createCaches({ ...options, patience: 20 });
    Reflect.set(store, 'last', () => new Promise<never>(() => {}));
    t.match((await pages.lastKnown('key'))?.value, value('known'), 'after its patience');
    t.match((await pages.lastKnown('key'))?.value, value('known'), 'while it is not asked');
    t.equal(await pages.lastKnown('other'), undefined);
  },
);

t.test('who cannot use the cache shares a load that makes nothing', async (t) => {
  const caches = cachesOver(new MemoryStore(1024 * 1024));
  caches.distrust('test');
  t.equal(await caches.data.get('key', HOUR, async () => undefined), undefined);
});

t.test('who cannot use the cache waits for an earlier load no longer than for a leader', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const caches = cachesOver(new MemoryStore(1024 * 1024));
  caches.distrust('test');
  const gate = new Gate();
  const hanging = caches.data.get('key', HOUR, async () => {
    await gate.pass();
    return value('late');
  });
  await gate.reached;
  const later = text(caches.data.get('key', HOUR, async () => value('own')));
  await new Promise(setImmediate);
  mock.timers.tick(3_000);
  t.equal(await later, 'own');
  gate.open();
  await hanging;
});

t.test('a source of changes that is watched is trusted only while it is alive', async (t) => {
  const caches = cachesOver(new MemoryStore(1024 * 1024));
  let alive = true;
  caches.watch(() => alive);
  await caches.data.get('key', HOUR, async () => value('kept'));
  alive = false;
  t.equal(caches.bypassed, true);
  t.equal(await text(caches.data.get('key', HOUR, async () => value('loaded'))), 'loaded');
  alive = true;
  t.equal(
    await text(caches.data.get('key', HOUR, async () => value('loaded'))),
    'kept',
    'nothing went unheard',
  );
});

t.test('a load that fails with something that is no Error is reported as one', async (t) => {
  const { data } = cachesOver(new MemoryStore(1024 * 1024));
  const gate = new Gate();
  const failing = async () => {
    await gate.pass();
    throw 'a string';
  };
  const leader = data.get('key', HOUR, failing);
  await gate.reached;
  const waiter = data.get('key', HOUR, failing);
  await new Promise(setImmediate);
  gate.open();
  await t.rejects(leader, 'a string');
  await t.rejects(waiter, { message: 'a string' });
});
