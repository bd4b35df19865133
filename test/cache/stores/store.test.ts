import t from 'tap';
import type { Entry, Tokens } from '../../../src/cache/stores/store.ts';
import { storeKinds } from '../../helpers/stores.ts';

const entry = (tokens: Tokens, text = 'the body'): Entry => ({
  value: { head: { 'content-type': 'text/plain' }, body: Buffer.from(text) },
  tokens,
  storedAt: 1_700_000_000_000,
  ttl: 60,
});

for (const { name, skip, open } of storeKinds) {
  t.test(`the store contract, ${name}`, { skip }, async (t) => {
    t.test('a key without an entry has none, and a tag without a token gets one that stays', async (t) => {
      const store = await open(t);
      const first = await store.read('nothing', ['a', 'b']);
      t.equal(first.entry, undefined);
      t.same(Object.keys(first.tokens), ['a', 'b']);
      t.not(first.tokens.a, first.tokens.b);
      t.same((await store.read('nothing', ['a', 'b'])).tokens, first.tokens);
    });

    t.test('what was written is read back byte for byte', async (t) => {
      const store = await open(t);
      const { tokens } = await store.read('key', ['a']);
      const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
      const written = { ...entry(tokens), value: { head: { etag: '"\u00e9\n"' }, body: bytes } };
      await store.write('key', written, 60);
      t.same((await store.read('key', ['a'])).entry, written);
    });

    t.test('an invalidation changes the tokens it names, and no other', async (t) => {
      const store = await open(t);
      const before = await store.read('key', ['a', 'b', 'c']);
      await store.invalidate(['a', 'b']);
      const after = await store.read('key', ['a', 'b', 'c']);
      t.not(after.tokens.a, before.tokens.a);
      t.not(after.tokens.b, before.tokens.b);
      t.equal(after.tokens.c, before.tokens.c);
    });

    t.test('an invalidation changes the tokens of a change that was not heard of', async (t) => {
      const store = await open(t);
      const before = await store.read('key', ['a', 'b']);
      await store.invalidate(['a', 'b'], '1');
      const after = await store.read('key', ['a', 'b']);
      t.not(after.tokens.a, before.tokens.a);
      t.not(after.tokens.b, before.tokens.b);
    });

    t.test('of a change that was heard of already, each tag is invalidated once', async (t) => {
      const store = await open(t);
      if (store.tier === 'local') return t.pass('no other process shares it');
      await store.invalidate(['a'], '1');
      const before = await store.read('key', ['a', 'b']);
      await store.invalidate(['a', 'b'], '1');
      const after = await store.read('key', ['a', 'b']);
      t.equal(after.tokens.a, before.tokens.a, 'a was');
      t.not(after.tokens.b, before.tokens.b, 'b was not');
      await store.invalidate(['a'], '2');
      t.not((await store.read('key', ['a'])).tokens.a, before.tokens.a);
    });

    t.test('a write says whether its entry can ever be served', async (t) => {
      const store = await open(t);
      const { tokens } = await store.read('key', ['a']);
      t.equal(await store.write('key', entry(tokens), 60), true);
      await store.invalidate(['a']);
      t.equal(await store.write('key', entry(tokens, 'late'), 60), false);
    });

    t.test('the last entry is there whatever was invalidated, with its tier', async (t) => {
      const store = await open(t);
      t.equal(await store.last('key'), undefined);
      const { tokens } = await store.read('key', ['a']);
      await store.write('key', entry(tokens), 60);
      await store.invalidate(['a']);
      t.match(await store.last('key'), { entry: entry(tokens), tier: store.local ? 'local' : 'shared' });
    });

    t.test('a second write replaces the first', async (t) => {
      const store = await open(t);
      await store.write('key', entry({}, 'old'), 60);
      await store.write('key', entry({}, 'new'), 60);
      t.equal((await store.read('key', [])).entry?.value.body.toString(), 'new');
    });

    t.test('what is in memory is counted, with what holds it together', async (t) => {
      const store = await open(t);
      if (!store.memory) return t.notOk(store.local, 'nothing is');
      t.same(store.memory(), { entries: 0, bytes: 0 });
      for (const key of ['one', 'two', 'two']) await store.write(key, entry({}), 60);
      const { entries, bytes } = store.memory();
      t.equal(entries, 2);
      t.ok(bytes > 2 * 'the body'.length);
    });

    t.test('the figures count hits and misses', async (t) => {
      const store = await open(t);
      if (!store.keyspace) return t.pass('only the cache counts');
      const before = await store.keyspace();
      await store.read('key', []);
      await store.write('key', entry({}), 60);
      await store.read('key', []);
      const after = await store.keyspace();
      t.equal(after.hits - before.hits, 1);
      t.equal(after.misses - before.misses, 1);
    });
  });
}
