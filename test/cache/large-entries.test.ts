import { type RedisClientType, SimpleError } from 'redis';
import t, { type Test } from 'tap';
import { createCaches } from '../../src/cache/caches.ts';
import { FIRST_BYTES } from '../../src/cache/redis/entry-codec.ts';
import { Keyspace } from '../../src/cache/redis/keyspace.ts';
import { PART_BYTES } from '../../src/cache/redis/parts.ts';
import { RedisStore } from '../../src/cache/redis/redis-store.ts';
import { MemoryStore } from '../../src/cache/stores/memory-store.ts';
import type { Entry, Large, Store, Tokens } from '../../src/cache/stores/store.ts';
import { DeadlineExceeded } from '../../src/platform/deadline.ts';
import { scratchRedis, skipWithoutRedis } from '../../support/redis.ts';
import { ChaosStore } from '../helpers/chaos-store.ts';
import { Gate } from '../helpers/gate.ts';
import { openLocalTier, openRedis } from '../helpers/stores.ts';

const keyspace = new Keyspace();

const PATIENCE_MS = 60_000;
const PARTS = 5;
const HOUR = { tags: ['tag'], ttl: 3600 };

/** No two parts of it are alike. */
const BODY = Buffer.from(
  Array.from({ length: (PARTS * PART_BYTES) / 4 }, (_, index) => `${index % 1000}`.padStart(4)).join(''),
);
const large = (tokens: Tokens, body = BODY): Entry => ({
  value: { head: { 'content-type': 'text/plain' }, body },
  tokens,
  storedAt: Date.now(),
  ttl: 3600,
});
const value = (body: Buffer | string) => ({ head: {}, body: Buffer.from(body) });
const text = (found: { body: Buffer }) => found.body.toString();

async function redisStore(t: Test) {
  const url = await scratchRedis(t);
  const client = await openRedis(t, url);
  return { url, client, store: new RedisStore(client) };
}

/** The key of a part of the large entry that stands under `key`. */
async function partOf(client: RedisClientType, key: string, index: number): Promise<string> {
  const line = JSON.parse((await client.get(keyspace.entry(key))) ?? '');
  return keyspace.part(line.large.id, index);
}

/** Every command that Redis runs from now on, in its order. */
async function commandsOf(t: Test, url: string) {
  const commands: string[] = [];
  const admin = await openRedis(t, url);
  await admin.monitor((line) => commands.push(String(line)));
  return commands;
}

t.test('large entries in Redis', { skip: skipWithoutRedis }, async (t) => {
  t.test('what decides comes first, and the value byte for byte when it is fetched', async (t) => {
    const { store } = await redisStore(t);
    const { tokens } = await store.read('key', ['tag']);
    for (const length of [FIRST_BYTES, PART_BYTES * 2, BODY.byteLength - 1, BODY.byteLength]) {
      const entry = large(tokens, BODY.subarray(0, length));
      t.equal(await store.write('key', entry, 60), true);
      const read = await store.read('key', ['tag']);
      t.match(read, { entry: undefined, large: { tokens, storedAt: entry.storedAt, ttl: 3600 } });
      t.same(await read.large?.fetch(PATIENCE_MS), entry);
      t.same(await (await store.last('key'))?.large?.fetch(PATIENCE_MS), entry);
    }
  });

  t.test('every key of it ends by itself', async (t) => {
    const { store, client } = await redisStore(t);
    await store.write('key', large({}), 60);
    for (let index = 0; index < PARTS; index += 1)
      t.ok((await client.ttl(await partOf(client, 'key', index))) > 0);
    t.equal(await client.exists(await partOf(client, 'key', PARTS)), 0);
  });

  t.test('who asks while it is fetched shares the answer', async (t) => {
    const { store, url } = await redisStore(t);
    await store.write('key', large({}), 60);
    const commands = await commandsOf(t, url);
    const reads = await Promise.all([store.read('key', []), store.read('key', [])]);
    const [one, other] = await Promise.all(reads.map((read) => read.large?.fetch(PATIENCE_MS)));
    t.equal(one?.value.body, other?.value.body);
    await store.read('end', []);
    t.equal(commands.filter((line) => line.includes(':part:')).length, PARTS);
  });

  t.test('what is fenced, or of another key in the same bucket, is not fetched', async (t) => {
    const { store, url } = await redisStore(t);
    const {
      pages: data,
      invalidate,
      events,
    } = createCaches({
      store,
      everything: ['tag'],
      staleIfError: 0,
      patience: PATIENCE_MS,
    });
    const filled = new Promise((resolve) => events.once('fill', resolve));
    await data.get('bucket a', HOUR, async () => value(BODY));
    await filled;
    const commands = await commandsOf(t, url);
    t.match(await data.lookup('bucket b', ['tag'], { lead: 'never' }), { outcome: 'miss', known: false });
    await invalidate(['tag']);
    t.match(await data.lookup('bucket a', ['tag'], { lead: 'never' }), { outcome: 'miss', known: true });
    t.equal(await data.peek('bucket a', ['tag']), undefined);
    await store.read('end', []);
    t.same(
      commands.filter((line) => line.includes(':part:')),
      [],
    );
  });

  t.test('a part that is gone, too short or of another kind makes it no entry', async (t) => {
    const { store, client } = await redisStore(t);
    const { data, events } = createCaches({
      store,
      everything: ['tag'],
      staleIfError: 0,
      patience: PATIENCE_MS,
    });
    const get = async (now: string) => {
      const filled = new Promise((resolve) => events.once('fill', resolve));
      const found = text(await data.get('key', HOUR, async () => value(`${now}${BODY}`)));
      if (found.startsWith(now)) await filled;
      return found.slice(0, now.length);
    };
    const key = 'data:key';
    t.equal(await get('1'), '1');
    t.equal(await get('2'), '1');
    await client.del(await partOf(client, key, 2));
    t.equal(await get('2'), '2', 'gone');
    await client.set(await partOf(client, key, 2), 'short');
    t.equal(await get('3'), '3', 'too short');
    const part = await partOf(client, key, 0);
    await client.del(part);
    await client.lPush(part, 'a list');
    t.equal(await get('5'), '5', 'no string');
    t.equal(await get('6'), '5');
  });

  t.test('a smaller entry in its place leaves none of its parts', async (t) => {
    const { store, client } = await redisStore(t);
    for (const next of [BODY.subarray(0, 3 * PART_BYTES), BODY.subarray(0, 10)]) {
      await store.write('key', large({}), 60);
      await store.write('key', large({}, next), 60);
      const keys = await client.keys('cache:part:*');
      t.equal(keys.length, next.byteLength < FIRST_BYTES ? 0 : 3);
    }
  });

  t.test('one that is being fetched stays as it is while another takes its place', async (t) => {
    const { store, client } = await redisStore(t);
    await store.write('key', large({}), 60);
    const { large: old } = await store.read('key', []);
    const part = await partOf(client, 'key', 0);
    const other = new RedisStore(wrapped(client, { del: () => Promise.resolve(1) }));
    await other.write('key', large({}, Buffer.concat([BODY, BODY])), 60);
    t.not(await partOf(client, 'key', 0), part);
    t.equal((await old?.fetch(PATIENCE_MS))?.value.body.equals(BODY), true);
  });

  t.test('of one that cannot be written to its end nothing stays', async (t) => {
    const { client } = await redisStore(t);
    const refusing = (what: string) =>
      wrapped(client, { set: (key) => (key.includes(what) ? Promise.reject(new Error('OOM')) : undefined) });
    for (const what of [keyspace.entry('key'), ':0', ':4']) {
      await t.rejects(new RedisStore(refusing(what)).write('key', large({}), 60), { message: 'OOM' });
      t.same(await client.keys('*'), []);
    }
    const lost = wrapped(refusing(':0'), { del: () => Promise.reject(new Error('lost')) });
    await t.rejects(new RedisStore(lost).write('key', large({}), 60), { message: 'OOM' });
  });

  t.test('where GETRANGE is not allowed it is found all the same', async (t) => {
    const { client } = await redisStore(t);
    const store = new RedisStore(
      wrapped(client, { getRange: () => Promise.reject(new SimpleError('NOPERM')) }),
    );
    await store.write('key', large({}), 60);
    t.ok(await (await store.read('key', [])).large?.fetch(PATIENCE_MS));
  });

  t.test('what another process has put there is replaced with its parts, if it was seen', async (t) => {
    const { store, client } = await redisStore(t);
    await new RedisStore(client).write('key', large({}), 60);
    await store.read('key', []);
    await store.write('key', large({}, Buffer.from('small')), 60);
    t.same(await client.keys('cache:part:*'), []);
  });

  t.test('one that is fenced while it is written is given up, and replaces nothing', async (t) => {
    const { store, client } = await redisStore(t);
    const { tokens } = await store.read('key', ['tag']);
    const gate = new Gate();
    const set = (key: string) =>
      key.endsWith(':4') ? gate.pass().then(() => client.set(key, '')) : undefined;
    const slow = new RedisStore(wrapped(client, { set }));
    const late = slow.write('key', large(tokens), 60);
    await gate.reached;
    await store.invalidate(['tag']);
    const current = await store.read('key', ['tag']);
    await store.write('key', large(current.tokens, Buffer.from('newer')), 60);
    gate.open();
    t.equal(await late, false);
    t.equal(await store.write('key', large(tokens), 60), false, 'or before');
    t.equal((await store.read('key', ['tag'])).entry?.value.body.toString(), 'newer');
    t.same(await client.keys('cache:part:*'), [], 'nothing of it stays');
  });

  t.test('of two writes at once that are as good, one is made', async (t) => {
    const { store, url } = await redisStore(t);
    const { tokens } = await store.read('key', ['tag']);
    const commands = await commandsOf(t, url);
    const writes = [1, 2].map(() => store.write('key', large(tokens), 60));
    t.same(await Promise.all(writes), [true, true]);
    await store.read('end', []);
    t.equal(commands.filter((line) => line.includes('"SET" "cache:part:')).length, PARTS);
  });

  t.test('with more before its body than one answer may have it is not kept', async (t) => {
    const { store } = await redisStore(t);
    const head = { link: 'x'.repeat(FIRST_BYTES) };
    await t.rejects(
      store.write('key', { ...large({}), value: { head, body: BODY } }, 60),
      /bytes before its body/,
    );
  });

  t.test(
    "another program's value under its key is a miss, however long it is, and is replaced",
    async (t) => {
      const { store, client } = await redisStore(t);
      const line = JSON.stringify({
        storedAt: 1,
        ttl: 1,
        tokens: {},
        large: { id: 'id', bytes: 1, head: {} },
      });
      const values = [
        'x'.repeat(FIRST_BYTES * 3),
        `${line}\n`.replace('"bytes":1', '"bytes":1e12'),
        `${line}\n`.replace('"bytes":1', '"bytes":"1"'),
        `${line}\n`.replace('"id":"id"', '"id":1'),
        `${line}\n`.replace('"head":{}', '"head":1'),
        `${line}\n`.replace(/"large".*/, '"large":null}\n'),
      ];
      for (const foreign of values) {
        await client.set(keyspace.entry('key'), foreign);
        t.match(await store.read('key', []), { entry: undefined, large: undefined }, foreign.slice(0, 100));
      }
      await client.del(keyspace.entry('key'));
      await client.lPush(keyspace.entry('key'), 'a list');
      t.match(await store.read('key', []), { entry: undefined, large: undefined });
      await store.write('key', large({}, Buffer.from('ours')), 60);
      t.equal((await store.read('key', [])).entry?.value.body.toString(), 'ours');
    },
  );

  t.test('what is no token is taken away, and there is one', async (t) => {
    const { store, client } = await redisStore(t);
    await client.lPush(keyspace.token('tag'), 'a list');
    const { tokens } = await store.read('key', ['tag']);
    t.equal(await client.get(keyspace.token('tag')), tokens.tag);
  });

  t.test('what is not allowed, or was lost, is no miss', async (t) => {
    const { store, client } = await redisStore(t);
    client.destroy();
    await t.rejects(store.read('key', ['tag']), 'closed');
  });

  t.test('one that comes too slowly is left alone for a while', async (t) => {
    const { client } = await redisStore(t);
    let asked = 0;
    let hangs = true;
    const get = (key: string) => {
      if (!key.includes(':part:')) return undefined;
      asked += 1;
      return hangs ? new Promise<never>(() => {}) : undefined;
    };
    const slow = wrapped(client, { get });
    const store = new RedisStore(slow);
    await store.write('key', large({}), 60);
    const { large: found } = await store.read('key', []);
    await t.rejects(async () => void (await found?.fetch(1)), /no answer within/);
    const before = asked;
    t.equal(await found?.fetch(1), undefined);
    t.equal(asked, before, 'nothing is asked');
    hangs = false;
    await new RedisStore(client).write('key', large({}), 60); // Another instance: this one cannot know.
    t.equal(await (await store.read('key', [])).large?.fetch(PATIENCE_MS), undefined);
  });
});

type Answers = Readonly<Record<string, (key: string) => Promise<unknown> | undefined>>;

/** The client, but for what it answers where `answers` has something to say. */
function wrapped(client: RedisClientType, answers: Answers): RedisClientType {
  return new Proxy(client, {
    get(target, name) {
      const known = Reflect.get(target, name, target);
      if (name === 'withTypeMapping')
        return (...args: [never]) => wrapped(target.withTypeMapping(...args) as RedisClientType, answers);
      if (typeof known !== 'function') return known;
      return (...args: [string]) => answers[String(name)]?.(args[0]) ?? known.apply(target, args);
    },
  });
}

t.test('memory in front of large entries', { skip: skipWithoutRedis }, async (t) => {
  const url = await scratchRedis(t);
  const [one, other] = await Promise.all([openLocalTier(t, url), openLocalTier(t, url)]);

  t.test('what was fetched once is in memory', async (t) => {
    const { tokens } = await one.store.read('key', ['tag']);
    await one.store.write('key', large(tokens), 60);
    const read = await other.store.read('key', ['tag']);
    t.equal((await read.large?.fetch(PATIENCE_MS))?.value.body.equals(BODY), true);
    t.ok(other.store.local('key', ['tag']));
  });

  t.test('what is in memory, as new and not fenced, need not be fetched', async (t) => {
    const read = await other.store.read('key', ['tag']);
    t.match(read, { entry: { value: { body: BODY } }, large: undefined });
    t.equal((await other.store.last('key'))?.tier, 'local');
    const newer = { ...large(read.tokens), storedAt: Date.now() + 1_000 };
    await one.store.write('key', newer, 60);
    t.match(await other.store.read('key', ['tag']), {
      entry: undefined,
      large: { storedAt: newer.storedAt },
    });
    t.match(await other.store.last('key'), { tier: 'shared', large: { storedAt: newer.storedAt } });
  });

  t.test('a part that is gone is no entry in memory either', async (t) => {
    const client = await openRedis(t, url);
    await client.del(await partOf(client, 'key', 0));
    const { large: found } = await other.store.read('key', ['tag']);
    t.equal(await found?.fetch(PATIENCE_MS), undefined);
  });
});

/** Memory that says of its one entry that it is large. */
class DistantStore extends ChaosStore {
  fetch: Large['fetch'] = async () => undefined;

  override async read(key: string, tags: readonly string[]) {
    const { entry, tokens } = await super.read(key, tags);
    return entry ? { entry: undefined, large: { ...entry, fetch: this.fetch }, tokens } : { entry, tokens };
  }

  override async last(key: string) {
    const last = await super.last(key);
    return last?.entry && { ...last, entry: undefined, large: { ...last.entry, fetch: this.fetch } };
  }
}

function distant(options: { staleIfError?: number; memory?: Store } = {}) {
  const memory = new MemoryStore(1024 * 1024);
  const store = new DistantStore(memory);
  const caches = createCaches({
    store,
    everything: ['tag'],
    staleIfError: 60,
    patience: PATIENCE_MS,
    ...options,
  });
  const get = async (now: string) => text(await caches.pages.get('key', HOUR, async () => value(now)));
  const kept = async () => (await memory.last('pages:key'))?.entry;
  return { store, caches, get, kept };
}

t.test('what comes too slowly is replaced by what is loaded, and opens no breaker', async (t) => {
  const { store, caches, get, kept } = distant();
  caches.events.on('breaker', () => t.fail('it says nothing of the store'));
  t.equal(await get('old'), 'old');
  store.fetch = async () => {
    throw new DeadlineExceeded(100);
  };
  t.equal(await get('new'), 'new');
  t.equal((await kept())?.value.body.toString(), 'new');
  store.fetch = async () => kept();
  t.equal(await get('newer'), 'new');
  t.match(caches.counters.layers.pages.local, { bypasses: 0, misses: 2, hits: 1, errors: 1 });
});

t.test('what is loaded because the entry came too slowly is fenced as any other', async (t) => {
  const { store, caches, get, kept } = distant();
  await get('old');
  store.fetch = async () => undefined;
  const gate = new Gate();
  const loading = caches.pages.get('key', HOUR, async () => {
    await gate.pass();
    return value('between');
  });
  await gate.reached;
  await caches.invalidate(['tag']);
  gate.open();
  await loading;
  store.fetch = async () => kept();
  t.equal(await get('new'), 'new');
});

t.test('a value that comes when contact was lost meanwhile is not used', async (t) => {
  const { store, caches, get, kept } = distant();
  await get('old');
  const gate = new Gate();
  store.fetch = async () => {
    await gate.pass();
    return kept();
  };
  const read = get('loaded');
  await gate.reached;
  caches.distrust('test');
  gate.open();
  t.equal(await read, 'loaded');
});

t.test('the last known answer may be large', async (t) => {
  const { store, caches, get, kept } = distant();
  await get('known');
  t.equal(await caches.pages.lastKnown('key'), undefined, 'it is gone');
  store.fetch = async () => kept();
  t.match((await caches.pages.lastKnown('key'))?.value, value('known'));
});
