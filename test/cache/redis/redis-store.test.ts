import t from 'tap';
import { Keyspace } from '../../../src/cache/redis/keyspace.ts';
import { RedisStore } from '../../../src/cache/redis/redis-store.ts';
import { skipWithoutRedis } from '../../../support/redis.ts';
import { openRedis } from '../../helpers/stores.ts';

const keyspace = new Keyspace();

const entry = { value: { head: {}, body: Buffer.from('[]') }, tokens: { a: 'x' }, storedAt: 1, ttl: 60 };

t.test('on Redis', { skip: skipWithoutRedis }, async (t) => {
  const client = await openRedis(t);
  const store = new RedisStore(client);

  t.test('a person can read an entry: one line of JSON, then its bytes', async (t) => {
    await store.write('data:all_properties', entry, 60);
    const [line, body] = ((await client.get('cache:1:data:all_properties')) ?? '').split('\n');
    t.same(JSON.parse(line ?? ''), { tokens: { a: 'x' }, storedAt: 1, ttl: 60, head: {} });
    t.equal(body, '[]');
  });

  t.test('every key expires by itself', async (t) => {
    await store.write('expiring', entry, 60);
    await store.read('expiring', ['read']);
    for (const key of [keyspace.entry('expiring'), keyspace.token('read')]) {
      t.ok((await client.ttl(key)) > 0, key);
    }
  });

  t.test('a value that is no entry is a miss', async (t) => {
    for (const value of [
      '',
      '\n',
      'no newline',
      '{}\nbody',
      'null\n',
      '{"storedAt":1,"ttl":1,"tokens":null,"head":{}}\n',
      '{"storedAt":1,"ttl":1,"tokens":3,"head":{}}\n',
      '{"storedAt":1,"ttl":1,"tokens":{},"head":{"a":1}}\n',
    ]) {
      await client.set(keyspace.entry('foreign'), value);
      t.equal((await store.read('foreign', [])).entry, undefined, JSON.stringify(value));
    }
  });

  t.test("a claim is one caller's until it is released or its time is over", async (t) => {
    t.equal(await store.claims.claim('name', 60_000), true);
    t.equal(await store.claims.claim('name', 60_000), false);
    await store.claims.release('name');
    t.equal(await store.claims.claim('name', 1), true);
    while (await client.exists('cache:claim:name')); // Redis' own clock, one millisecond.
    t.equal(await store.claims.claim('name', 60_000), true);
  });

  t.test('a token that Redis does not keep is never the same again: it guards nothing', async (t) => {
    const forgetful = new Proxy(client, {
      get: (target, name) => (name === 'set' ? async () => 'OK' : Reflect.get(target, name, target)),
    });
    const read = async () =>
      (await new RedisStore(forgetful).read('key', ['never-kept'])).tokens['never-kept'];
    t.not(await read(), await read());
  });
});
