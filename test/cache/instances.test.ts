import { once } from 'node:events';
import t from 'tap';
import { createCaches } from '../../src/cache/caches.ts';
import { RedisStore } from '../../src/cache/redis/redis-store.ts';
import { scratchRedis, skipWithoutRedis } from '../../support/redis.ts';
import { ChaosStore } from '../helpers/chaos-store.ts';
import { Gate } from '../helpers/gate.ts';
import { openRedis } from '../helpers/stores.ts';
import { PATIENT_CACHES } from '../helpers/times.ts';

const HOUR = { tags: ['tag'], ttl: 3600 };
const value = (text: string) => ({ head: {}, body: Buffer.from(text) });

t.test('instances on one Redis', { skip: skipWithoutRedis }, async (t) => {
  const url = await scratchRedis(t);
  const instance = async () => {
    const store = new ChaosStore(new RedisStore(await openRedis(t, url)));
    return {
      store,
      caches: createCaches({ store, everything: ['tag'], staleIfError: 0, ...PATIENT_CACHES }),
    };
  };
  const [first, second, third] = await Promise.all([instance(), instance(), instance()]);

  t.test('a thousand misses over three of them make one load', async (t) => {
    let loads = 0;
    const load = async () => value(`load ${++loads}`);
    const everyone = Array.from({ length: 1000 }, (_, index) => {
      const { caches } = [first, second, third][index % 3] ?? first;
      return caches.data.get('thousand', HOUR, load);
    });
    t.same(new Set((await Promise.all(everyone)).map(({ body }) => body.toString())), new Set(['load 1']));
    t.equal(loads, 1);
  });

  t.test('what one invalidates, another does not serve', async (t) => {
    await first.caches.data.get('shared', HOUR, async () => value('old'));
    await second.caches.invalidate(['tag']);
    const { body } = await first.caches.data.get('shared', HOUR, async () => value('new'));
    t.equal(body.toString(), 'new');
  });

  t.test('when the one that loads stores nothing, another loads', async (t) => {
    const leader = await first.caches.pages.lookup('refused', ['tag']);
    if (leader.outcome !== 'miss') return t.fail('the first is a miss');
    const asking = new Gate();
    second.store.before = async (operation) => {
      if (operation === 'claim') void asking.pass();
    };
    const other = second.caches.pages.lookup('refused', ['tag']);
    await asking.reached;
    leader.fill?.settle();
    t.match(await other, { outcome: 'miss', fill: {} });
  });

  t.test('an entry that was made while the claim was on its way is used', async (t) => {
    const claiming = new Gate();
    second.store.before = heldFromClaim(claiming);
    const late = second.caches.data.get('race', HOUR, async () => value('second'));
    await claiming.reached;
    await first.caches.data.get('race', HOUR, async () => value('first'));
    claiming.open();
    t.equal((await late).body.toString(), 'first');
  });

  t.test('when the store stops answering while another loads, an instance loads', async (t) => {
    await first.caches.pages.lookup('lost', ['tag']);
    second.store.before = async (operation) => {
      if (operation === 'claim') second.store.broken.add('read');
    };
    t.match(await second.caches.pages.lookup('lost', ['tag']), { outcome: 'miss', fill: {} });
    second.store.broken.clear();
  });

  t.test('when claims fail, each instance loads', async (t) => {
    second.store.before = async () => {};
    second.store.broken.add('claim');
    const { body } = await second.caches.data.get('unclaimed', HOUR, async () => value('own'));
    t.equal(body.toString(), 'own');
    second.store.broken.clear();
  });

  t.test('while one refreshes an expired entry, another serves it as it is', async (t) => {
    let now = Date.now();
    const options = { staleIfError: 60, ...PATIENT_CACHES, now: () => now };
    const [one, other] = [first, second].map(({ store }) =>
      createCaches({ store, everything: ['tag'], ...options }),
    );
    await one?.pages.get('expired', HOUR, async () => value('old'));
    now += 3600 * 1000;
    const refreshing = await one?.pages.lookup('expired', ['tag']);
    t.match(refreshing, { outcome: 'miss', known: true });
    const stale = await other?.pages.get('expired', HOUR, async () => value('loaded'));
    t.equal(stale?.body.toString(), 'old');
    t.equal(other?.counters.layers.pages.shared.stale_served, 1);
    const renewed = refreshing?.outcome === 'miss' && refreshing.fill?.entry(value('new'), 3600);
    if (!renewed) return t.fail('the leader that refreshes has a fill');
    one?.pages.keep('expired', renewed);
    if (refreshing?.outcome === 'miss') refreshing.fill?.settle(renewed);
    const fresh = await one?.pages.get('expired', HOUR, async () => value('loaded'));
    t.equal(fresh?.body.toString(), 'new');
  });

  t.test('a claim that came after the entry was made is given back', async (t) => {
    const claiming = new Gate();
    second.store.before = heldFromClaim(claiming);
    const late = second.caches.data.get('given back', HOUR, async () => value('second'));
    await claiming.reached;
    const filled = once(first.caches.events, 'fill');
    await first.caches.data.get('given back', HOUR, async () => value('first'));
    await filled;
    await new Promise(setImmediate); // Its own claim is given back,
    await first.caches.keyspace(); // and Redis has done so.
    const released = new Gate();
    second.store.before = async (operation) => {
      if (operation === 'release') void released.pass();
    };
    claiming.open();
    t.equal((await late).body.toString(), 'first');
    await released.reached;
    second.store.before = async () => {};
  });

  t.test('when the one that loads hangs, another takes over', async (t) => {
    const leader = await first.caches.pages.lookup('hanging', ['tag']);
    t.equal(leader.outcome, 'miss');
    const options = { everything: ['tag'], staleIfError: 0, ...PATIENT_CACHES };
    const impatient = createCaches({ ...options, store: second.store, leaderMs: 60 });
    t.match(await impatient.pages.lookup('hanging', ['tag']), { outcome: 'miss', fill: {} });
  });
});

/** Holds a claim at the gate, and what is asked behind it on the same connection. */
function heldFromClaim(gate: Gate): (operation: string) => Promise<void> {
  let behind = false;
  return async (operation) => {
    behind ||= operation === 'claim';
    if (behind) await gate.pass();
  };
}
