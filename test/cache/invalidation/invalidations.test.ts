import { mock } from 'node:test';
import t from 'tap';
import { type Caches, createCaches } from '../../../src/cache/caches.ts';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import { ChaosStore } from '../../helpers/chaos-store.ts';
import { Gate } from '../../helpers/gate.ts';

const HOUR = { tags: ['tag'], ttl: 3600 };
const value = (text: string) => ({ head: {}, body: Buffer.from(text) });

function open() {
  const store = new ChaosStore(new MemoryStore(1024 * 1024));
  const caches = createCaches({ store, everything: ['tag'], staleIfError: 0 });
  const read = async (now: string) =>
    (await caches.data.get('key', HOUR, async () => value(now))).body.toString();
  return { store, caches, read };
}

/** An invalidation that fails at once, and holds its caller for 100 ms all the same. */
async function invalidateInVain(caches: Caches, tags: string[]) {
  const tried = caches.invalidate(tags);
  await new Promise(setImmediate);
  mock.timers.tick(100);
  await tried;
}

/** Lets the retry's turn come, and everything that follows from it. Each comes twice as late, at most a second. */
async function nextRetry(pause = 250) {
  await new Promise(setImmediate);
  mock.timers.tick(pause);
  await new Promise(setImmediate);
}

t.test('invalidations', async (t) => {
  t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  t.afterEach(() => mock.timers.reset());

  t.test('while an invalidation fails, writers go on and readers bypass the cache', async (t) => {
    const { store, caches, read } = open();
    await read('old');
    store.broken.add('invalidate');
    await invalidateInVain(caches, ['tag']);
    t.equal(caches.bypassed, true);
    t.equal(await read('new'), 'new');
    t.match(caches.counters, {
      invalidations: { here: 0, failed: 1 },
      layers: { data: { local: { bypasses: 1 } } },
    });

    await nextRetry();
    t.equal(caches.bypassed, true);
    store.broken.clear();
    await nextRetry(500);
    t.equal(caches.bypassed, false);
    t.equal(await read('newer'), 'newer');
    await caches.close();
  });

  t.test('an invalidation that fails during a retry stays pending when the retry succeeds', async (t) => {
    const { store, caches } = open();
    store.broken.add('invalidate');
    await invalidateInVain(caches, ['first']);
    const gate = new Gate();
    store.broken.clear();
    store.before = () => gate.pass();
    await nextRetry();
    await gate.reached;

    store.before = async () => {};
    store.broken.add('invalidate');
    await invalidateInVain(caches, ['second']);
    store.broken.clear();
    gate.open();
    await new Promise(setImmediate);
    t.equal(caches.bypassed, true);
    await nextRetry(500);
    t.equal(caches.bypassed, false);
    await caches.close();
  });

  t.test('an invalidation that hangs holds its writer for 100 ms', async (t) => {
    const { store, caches } = open();
    const gate = new Gate();
    store.before = () => gate.pass();
    const invalidated = caches.invalidate(['tag']);
    await gate.reached;
    mock.timers.tick(100);
    await invalidated;
    t.equal(caches.bypassed, true);
    store.before = async () => {};
    gate.open();
    await nextRetry();
    t.equal(caches.bypassed, false);
    await caches.close();
  });

  t.test('after a failure everything is invalidated, once, however many have failed', async (t) => {
    const { store, caches, read } = open();
    await read('old');
    store.broken.add('invalidate');
    for (let row = 0; row < 100; row += 1) await invalidateInVain(caches, [`row:${row}`]);
    const given: (readonly string[])[] = [];
    caches.events.on('invalidation', (tags) => given.push(tags));
    store.broken.clear();
    await nextRetry(1_000);
    t.equal(caches.bypassed, false);
    t.same(given, [['tag']]);
    t.equal(await read('new'), 'new');
    await caches.close();
  });

  t.test('more tags than a thousand at once are everything', async (t) => {
    const { caches } = open();
    const given: (readonly string[])[] = [];
    caches.events.on('invalidation', (tags) => given.push(tags));
    const rows = Array.from({ length: 1_001 }, (_, row) => `row:${row}`);
    await caches.invalidate(rows);
    await caches.invalidate(rows.slice(1));
    t.same(given, [['tag'], rows.slice(1)]);
  });

  t.test(
    'what is heard in one turn is invalidated together: each change by itself, or everything',
    async (t) => {
      const { store, caches } = open();
      const changes: (string | undefined)[] = [];
      const invalidate = store.invalidate.bind(store);
      store.invalidate = (tags, change) => {
        changes.push(change);
        return invalidate(tags, change);
      };
      const given: (readonly string[])[] = [];
      caches.events.on('invalidation', (tags) => given.push(tags));
      caches.invalidateNotified(['tag', 'row:1'], { cause: 'program', change: '1' });
      caches.invalidateNotified(['tag', 'row:2'], { cause: 'program', change: '1' });
      caches.invalidateNotified(['tag'], { cause: 'program', change: '2' });
      t.same(given, []);
      await new Promise(setImmediate);
      t.same(given.splice(0), [['tag', 'row:1', 'row:2'], ['tag']]);
      for (let statement = 0; statement < 3; statement += 1) {
        caches.invalidateNotified(
          Array.from({ length: 500 }, (_, row) => `row:${statement}:${row}`),
          { cause: 'program', change: '3' },
        );
      }
      await new Promise(setImmediate);
      t.same(given, [['tag']]);
      t.same(changes, ['1', '2', undefined]);
    },
  );

  t.test('what tags stand for is said with the invalidation, from all statements of a change', async (t) => {
    const { caches } = open();
    const given: unknown[] = [];
    caches.events.on('invalidation', (_, { names = [] }) => given.push(Object.fromEntries(names)));
    const names = (name: string) => new Map([['place:1', [name]]]);
    caches.invalidateNotified(['place:1'], { cause: 'program', change: '1', names: names('Accra') });
    caches.invalidateNotified(['place:1'], { cause: 'program', change: '1', names: names('ACCRA') });
    caches.invalidateNotified(['row:1'], { cause: 'program', change: '2' });
    await new Promise(setImmediate);
    await caches.invalidate(['place:1'], { cause: 'write', names: names('Tema') });
    t.same(given, [{ 'place:1': ['Accra', 'ACCRA'] }, {}, { 'place:1': ['Tema'] }]);
  });

  t.test('what was heard is invalidated before anything is read, in the same turn too', async (t) => {
    const { caches, read } = open();
    await read('old');
    await new Promise(setImmediate);
    t.equal(await read('new'), 'old');
    caches.invalidateNotified(['tag'], { cause: 'program', change: '1' });
    t.equal(await read('new'), 'new');
  });

  t.test('to ask whether the cache is bypassed sends nothing', async (t) => {
    const { store, caches } = open();
    const asked: string[] = [];
    store.before = async (operation) => void asked.push(operation);
    caches.invalidateNotified(['tag'], { cause: 'program', change: '1' });
    t.equal(caches.bypassed, false);
    t.same(asked, []);
    await new Promise(setImmediate);
    t.same(asked, ['invalidate'], 'what was heard is invalidated in its turn');
  });

  t.test('when everything was invalidated for another reason, what had failed is made up for', async (t) => {
    const { store, caches } = open();
    store.broken.add('invalidate');
    await invalidateInVain(caches, ['tag']);
    t.equal(caches.bypassed, true);
    store.broken.clear();
    await caches.trust('test');
    t.equal(caches.bypassed, false);
    await nextRetry();
    t.match(caches.counters.invalidations, { here: 1, failed: 1 }, 'and not tried again');
    await caches.close();
  });

  t.test('the cache says why it is in doubt: the source that was lost, or the error', async (t) => {
    const { store, caches } = open();
    const told: unknown[] = [];
    caches.events.on('doubt', (doubtful, why) => told.push([doubtful, why]));
    caches.distrust('test');
    await caches.trust('test');
    store.broken.add('invalidate');
    await invalidateInVain(caches, ['tag']);
    t.match(told, [
      [true, 'test'],
      [false, undefined],
      [true, { message: 'invalidate is broken by the test' }],
    ]);
    await caches.close();
  });

  t.test('closing ends the retries', async (t) => {
    const { store, caches } = open();
    store.broken.add('invalidate');
    await invalidateInVain(caches, ['tag']);
    await caches.close();
    t.equal(caches.bypassed, true);
    for (const event of ['pending', 'doubt'] as const)
      caches.events.on(event, () => t.fail('no event is emitted'));
    caches.invalidateNotified(['tag'], { cause: 'program', change: '1' }); // What was heard just before the end.
    await new Promise(setImmediate);
  });

  t.test('nothing to invalidate asks the store nothing', async (t) => {
    const { store, caches } = open();
    store.broken.add('invalidate');
    await caches.invalidate([]);
    t.match(caches.counters, { invalidations: { here: 0, failed: 0 } });
  });

  t.test(
    'while changes may be missed nothing cached is read, and afterwards nothing from before',
    async (t) => {
      const { caches, read } = open();
      await read('old');
      caches.distrust('test');
      t.equal(await read('new'), 'new');
      await caches.trust('test');
      t.equal(await read('newer'), 'newer');
      t.equal(await read('newest'), 'newer');
    },
  );

  t.test('contact that is lost again while trust is being restored stays lost', async (t) => {
    const { store, caches } = open();
    caches.distrust('test');
    const gate = new Gate();
    store.before = () => gate.pass();
    const trusted = caches.trust('test');
    await gate.reached;
    caches.distrust('test');
    gate.open();
    await trusted;
    t.equal(caches.bypassed, true);
  });

  t.test('trust in one source does not make up for another that is lost', async (t) => {
    const { caches } = open();
    caches.distrust('redis');
    caches.distrust('listener');
    await caches.trust('redis');
    t.equal(caches.bypassed, true);
    await caches.trust('listener');
    t.equal(caches.bypassed, false);
  });

  t.test("the store's own figures are unknown while it does not answer", async (t) => {
    const { store, caches } = open();
    t.same(await caches.keyspace(), { hits: 0, misses: 0 });
    store.broken.add('keyspace');
    t.equal(await caches.keyspace(), undefined);
  });
});
