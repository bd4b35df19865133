import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createCaches } from '../../../src/cache/caches.ts';
import { openRedis } from '../../../src/cache/redis/connection.ts';
import { RedisWatch } from '../../../src/cache/redis/watch.ts';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import type { Store } from '../../../src/cache/stores/store.ts';
import { EventStreams } from '../../../src/features/dashboard/event-streams.ts';
import type { LiveEvents } from '../../../src/features/dashboard/live-events.ts';
import { LiveFeed } from '../../../src/features/dashboard/live-feed.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { ChaosStore } from '../../helpers/chaos-store.ts';
import { fieldsOf } from './event-client.ts';

const START = 1_700_000_000_000;
const TAG = { tags: ['tag'], ttl: 60 };

/** A feed of its own, whose seconds the test makes. */
function begin({
  store = new MemoryStore(1024 * 1024),
  shared,
}: {
  store?: Store;
  shared?: RedisWatch;
} = {}) {
  let time = START;
  const seen = { database: true };
  const caches = createCaches({ store, shared, everything: ['tag'], staleIfError: 0 });
  const streams = new EventStreams();
  const feed = new LiveFeed({ caches, streams, isDatabaseUp: () => seen.database, now: () => time });
  const tick = (count = 1) => {
    for (let second = 0; second < count; second += 1) {
      time += 1_000;
      feed.tick();
    }
  };
  const load = (key: string) => caches.data.get(key, TAG, async () => ({ head: {}, body: Buffer.alloc(10) }));
  return { caches, streams, feed, seen, tick, load };
}

/** A client of the feed, and the events since it was last read. */
function listen(streams: EventStreams) {
  const stream = streams.open(new ServerResponse(new IncomingMessage(new Socket())), () => '');
  const text = () => String(stream.read() ?? '');
  text(); // When to come back.
  return {
    text,
    said: <E extends keyof LiveEvents>(name: E): LiveEvents[E][] =>
      text()
        .split('\n\n')
        .map(fieldsOf)
        .filter(({ event }) => event === name)
        .map(({ data }) => JSON.parse(data)),
  };
}

const NOTHING = { hits: 0, misses: 0, bypasses: 0 };

t.test('a sample has the lookups of its second, and what is in memory after it', async (t) => {
  const { streams, tick, load } = begin();
  const { said } = listen(streams);
  await load('one');
  await load('one');
  await load('two');
  tick();
  const [sample] = said('sample');
  t.match(sample, {
    at: START + 1_000,
    pages: { local: NOTHING, shared: NOTHING },
    data: { local: { hits: 1, misses: 2, bypasses: 0 }, shared: NOTHING },
    local: { entries: 2 },
    redis: null,
  });
  t.ok(sample && sample.local.bytes > 20);
  await load('two');
  tick();
  t.match(said('sample'), [{ data: { local: { hits: 1, misses: 0, bypasses: 0 } } }]);
});

t.test('without memory of its own there is nothing in it', async (t) => {
  const { streams, feed, tick } = begin({ store: new ChaosStore(new MemoryStore(1024)) });
  const { said } = listen(streams);
  tick();
  t.match(said('sample'), [{ local: { entries: 0, bytes: 0 } }]);
  t.equal(feed.hello().localTier, false);
});

t.test(
  'the last five minutes and the last fifty invalidations are kept while no client is connected, and no more',
  async (t) => {
    const { caches, feed, tick } = begin();
    for (let second = 0; second < 400; second += 1) {
      await caches.invalidate([`tag:${second}`]);
      tick();
    }
    const { samples, invalidations, startedAt } = feed.hello();
    t.equal(startedAt, START);
    t.equal(samples.length, 300);
    t.same([samples.at(0)?.at, samples.at(-1)?.at], [START + 101_000, START + 400_000]);
    t.equal(invalidations.length, 50);
    t.same([invalidations.at(0)?.tags, invalidations.at(-1)?.tags], [['tag:350'], ['tag:399']]);
    t.same([invalidations.at(0)?.id, invalidations.at(-1)?.id], [351, 400]);
  },
);

t.test('an invalidation is said at once, and the rest of a burst after its second', async (t) => {
  const { caches, streams, feed, tick } = begin();
  const { said } = listen(streams);
  await caches.invalidate(['a', 'b']);
  t.match(said('invalidation'), [{ id: 1, at: START, tags: ['a', 'b'], cause: 'write' }]);
  for (let write = 0; write < 60; write += 1) await caches.invalidate(['a']);
  t.equal(said('invalidation').length, 49);
  tick();
  t.match(said('invalidation'), [{ id: 51, tags: ['a'], more: 10 }]);
  t.equal(feed.hello().invalidations.at(-1)?.id, 51);
});

t.test('a state is said when it is another one, with the time of the change', async (t) => {
  const { caches, streams, feed, seen, tick } = begin();
  const { said } = listen(streams);
  const usual = { postgresql: 'up', redis: 'off', bypassed: false, since: START } as const;
  t.strictSame(feed.hello().state, usual);
  tick();
  t.same(said('state'), []);
  seen.database = false;
  tick();
  t.strictSame(said('state'), [{ ...usual, postgresql: 'down', since: START + 2_000 }]);
  seen.database = true;
  t.strictSame(feed.hello().state, { ...usual, since: START + 2_000 }, 'hello looks by itself');
  said('state');
  caches.distrust('a source');
  t.match(said('state'), [{ bypassed: true }], 'before the second is over');
  await caches.trust('a source');
  t.match(said('state'), [{ bypassed: false }]);
});

t.test('every fifteen seconds there is a comment', async (t) => {
  const { streams, tick } = begin();
  const { text } = listen(streams);
  tick(14);
  t.notMatch(text(), /^:/m);
  tick();
  t.match(text(), /\n\n:\n\n$/);
});

t.test('Redis is asked how much it holds as soon as it is there', { skip: skipWithoutRedis }, async (t) => {
  const connection = openRedis(await scratchRedis(t));
  t.teardown(() => connection.close());
  const redis = new RedisWatch(connection);
  t.same([redis.up, redis.size], [false, null]);
  await connection.connect();
  while (!redis.size) await turn();
  t.match(redis, { up: true, size: { keys: 0 } });
});

t.test('every five seconds Redis is asked how much it holds', { skip: skipWithoutRedis }, async (t) => {
  const connection = openRedis(await scratchRedis(t));
  t.teardown(() => connection.close());
  const redis = new RedisWatch(connection);
  await connection.connect();
  while (!redis.size) await turn();
  const { streams, tick } = begin({ shared: redis });
  const { said } = listen(streams);
  const size = redis.size;
  await connection.client.set('key', 'value');
  tick(5);
  t.same(
    said('sample').map((sample) => sample.redis?.keys),
    Array(5).fill(0),
  );
  while (redis.size === size) await turn();
  tick();
  t.match(said('sample'), [{ redis: { keys: 1 } }]);
});
