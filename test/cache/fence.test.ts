import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type Caches, createCaches } from '../../src/cache/caches.ts';
import type { EntryCache } from '../../src/cache/core/cache.ts';
import { RedisStore } from '../../src/cache/redis/redis-store.ts';
import { MemoryStore } from '../../src/cache/stores/memory-store.ts';
import type { Store, Value } from '../../src/cache/stores/store.ts';
import type { Layer } from '../../src/cache/telemetry/events.ts';
import { scratchRedis, skipWithoutRedis } from '../../support/redis.ts';
import { Gate } from '../helpers/gate.ts';
import { openLocalTier, openRedis } from '../helpers/stores.ts';
import { PATIENT_CACHES } from '../helpers/times.ts';

const HOUR = { tags: ['tag'], ttl: 3600 };
const MAX_BYTES = 1024 * 1024;

/** Instances that share a row, and the ways to reach what they cache. */
interface Fleet {
  /** The first one reads; the last one is another process where there can be one. */
  readonly instances: readonly Caches[];
  flush(): Promise<void>;
  /** Resolves when every instance has heard of all that happened before. */
  heard(): Promise<void>;
}

interface FleetKind {
  readonly name: string;
  readonly skip: string | false;
  open(t: Test): Promise<Fleet>;
}

const cachesOver = (store: Store) =>
  createCaches({ store, everything: ['tag'], staleIfError: 0, ...PATIENT_CACHES });

const kinds: readonly FleetKind[] = [
  {
    name: 'the memory of one process',
    skip: false,
    async open() {
      let store = new MemoryStore(MAX_BYTES);
      const flushable: Store = {
        tier: 'local',
        local: (...args) => store.local(...args),
        read: (...args) => store.read(...args),
        last: (...args) => store.last(...args),
        write: (key, entry) => store.write(key, entry),
        invalidate: (tags) => store.invalidate(tags),
      };
      const flush = async () => {
        store = new MemoryStore(MAX_BYTES);
      };
      return { instances: [cachesOver(flushable)], flush, heard: async () => {} };
    },
  },
  {
    name: 'Redis, two processes',
    skip: skipWithoutRedis,
    async open(t) {
      const url = await scratchRedis(t);
      const clients = [await openRedis(t, url), await openRedis(t, url)] as const;
      const instances = clients.map((client) => cachesOver(new RedisStore(client)));
      return { instances, flush: async () => void (await clients[0].flushDb()), heard: async () => {} };
    },
  },
  {
    name: 'memory in front of Redis, two processes',
    skip: skipWithoutRedis,
    async open(t) {
      const url = await scratchRedis(t);
      const tiers = [await openLocalTier(t, url), await openLocalTier(t, url)];
      const admin = await openRedis(t, url);
      return {
        instances: tiers.map(({ store }) => cachesOver(store)),
        flush: async () => void (await admin.flushDb()),
        // Redis reports what has changed before it answers what was asked later.
        heard: async () => void (await Promise.all(tiers.map(({ connection }) => connection.client.ping()))),
      };
    },
  },
];

const steps = ['begin', 'change', 'invalidate', 'flush', 'end'] as const;
type Step = (typeof steps)[number];

/** Every order in which a load ends after it began, and a change is invalidated after it was made. */
const orders = permutations(steps).filter(
  (order) =>
    order.indexOf('begin') < order.indexOf('end') && order.indexOf('change') < order.indexOf('invalidate'),
);

for (const { name, skip, open } of kinds) {
  for (const layer of ['pages', 'data'] as const) {
    t.test(`every order of ${steps.join(', ')} in ${layer}, over ${name}`, { skip }, async (t) => {
      const fleet = await open(t);
      const { length } = fleet.instances;
      for (const [turn, order] of orders.entries()) {
        for (let invalidator = 0; invalidator < length; invalidator += 1) {
          const key = `${layer}:${turn}:${invalidator}`;
          t.same(await staleReads(fleet, { layer, key, invalidator }, order), [], order.join(', '));
        }
      }
    });
  }
}

/** Plays one order, and says after which steps a reader was served the row as it was before its change. */
async function staleReads(
  { instances, flush, heard }: Fleet,
  { layer, key, invalidator }: { layer: Layer; key: string; invalidator: number },
  order: readonly Step[],
): Promise<string[]> {
  const caches = instances.map((instance) => instance[layer] as EntryCache); // Both layers are of one class.
  const gate = new Gate();
  let row = 'old';
  let load: Promise<Value> | undefined;
  let invalidated = false;
  const stale: string[] = [];
  const play: Record<Step, () => Promise<void> | undefined> = {
    begin: () => {
      load = caches[0]?.get(key, HOUR, async () => {
        const seen = row;
        await gate.pass();
        return { head: {}, body: Buffer.from(seen) };
      });
      return gate.reached;
    },
    change: async () => {
      row = 'new';
    },
    invalidate: async () => {
      await instances[invalidator]?.invalidate(HOUR.tags);
      await heard();
      invalidated = true;
    },
    flush,
    end: async () => {
      gate.open();
      await load;
    },
  };
  for (const step of order) {
    await play[step]();
    const served = await Promise.all(caches.map((cache) => cached(cache, key)));
    if (invalidated && served.includes('old')) stale.push(step);
  }
  return stale;
}

/** What a reader would be served from the cache now; asking changes nothing. */
async function cached(cache: EntryCache, key: string): Promise<string | undefined> {
  const found = await cache.lookup(key, HOUR.tags, { lead: 'never' });
  return found.outcome === 'hit' ? found.entry.value.body.toString() : undefined;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

const RUNS = 50;

/** A step of the random histories: what is done, by which instance, to which of two rows. */
const step = fc.record({
  what: fc.constantFrom('begin', 'end', 'write', 'flush', 'read'),
  instance: fc.nat({ max: 1 }),
  row: fc.nat({ max: 1 }),
});

for (const { name, skip, open } of kinds) {
  t.test(`random histories leave readers with the truth, over ${name}`, { skip }, async (t) => {
    const fleet = await open(t);
    let history = 0;
    const holds = async (random: { what: string; instance: number; row: number }[]) => {
      history += 1;
      const rows = [0, 0];
      const loading: { gate: Gate; done: Promise<Value> }[] = [];
      const dataOf = (instance: number) => fleet.instances[instance % fleet.instances.length];
      const tagsOf = (row: number) => ['list', `row:${row}`];
      const read = (instance: number, row: number, gate?: Gate) =>
        dataOf(instance)?.data.get(`${history}:${row}`, { tags: tagsOf(row), ttl: 60 }, async () => {
          const seen = String(rows[row]);
          await gate?.pass();
          return { head: {}, body: Buffer.from(seen) };
        }) ?? Promise.reject(new Error('there is always an instance'));
      const play: Record<string, (instance: number, row: number) => Promise<boolean>> = {
        async begin(instance, row) {
          const gate = new Gate();
          loading.push({ gate, done: read(instance, row, gate) });
          return true;
        },
        async end() {
          loading.shift()?.gate.open();
          return true;
        },
        async write(instance, row) {
          rows[row] = (rows[row] ?? 0) + 1;
          await dataOf(instance)?.invalidate([`row:${row}`]);
          await fleet.heard();
          return true;
        },
        async flush() {
          await fleet.flush();
          return true;
        },
        /** It may wait for a load that is stopped: those are let go. */
        async read(instance, row) {
          const expected = String(rows[row]);
          const pending = read(instance, row);
          for (const { gate } of loading) gate.open();
          return (await pending).body.toString() === expected;
        },
      };
      for (const { what, instance, row } of random) {
        if (!(await play[what]?.(instance, row))) return false;
      }
      for (const { gate } of loading) gate.open();
      await Promise.all(loading.map(({ done }) => done));
      const last = await Promise.all([0, 1].flatMap((row) => [0, 1].map((i) => play.read?.(i, row))));
      return last.every(Boolean);
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20 }), holds), { numRuns: RUNS });
    t.ok(history >= RUNS);
  });
}
