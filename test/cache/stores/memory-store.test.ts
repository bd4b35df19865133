import t from 'tap';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';

const MB = 1024 * 1024;
const entry = (bytes: number) => ({
  value: { head: {}, body: Buffer.alloc(bytes) },
  tokens: {},
  storedAt: 0,
  ttl: 60,
});

t.test('when entries exceed the bound, the least recently used go first', async (t) => {
  const store = new MemoryStore(MB);
  await store.write('first', entry(MB / 2));
  await store.write('second', entry(MB / 4));
  await store.read('first', []);
  await store.write('third', entry(MB / 4));
  t.ok((await store.read('first', [])).entry);
  t.notOk((await store.read('second', [])).entry);
  t.ok((await store.read('third', [])).entry);
});

t.test('an entry larger than the bound is not kept, and puts nothing else out', async (t) => {
  const store = new MemoryStore(MB);
  await store.write('small', entry(10));
  await store.write('large', entry(2 * MB));
  t.ok((await store.read('small', [])).entry);
  t.notOk((await store.read('large', [])).entry);
});

t.test('when more tags are in use than tokens are kept, a forgotten tag gets another token', async (t) => {
  const store = new MemoryStore(MB);
  const { tokens } = await store.read('key', ['first']);
  for (let tag = 0; tag < 70_000; tag += 1) await store.read('key', [`other:${tag}`]);
  t.not((await store.read('key', ['first'])).tokens.first, tokens.first);
});
