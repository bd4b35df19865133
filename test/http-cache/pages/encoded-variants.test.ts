import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createCaches } from '../../../src/cache/caches.ts';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import type { Entry } from '../../../src/cache/stores/store.ts';
import { EncodedVariants } from '../../../src/http-cache/pages/encoded-variants.ts';
import { type Page, toValue } from '../../../src/http-cache/pages/page.ts';
import { Gate } from '../../helpers/gate.ts';

const page = (hasEncodedVariants: boolean): Page => ({
  status: 200,
  headers: {},
  body: Buffer.from('a page'),
  hasEncodedVariants,
});

const entryOf = (hasEncodedVariants: boolean): Entry => ({
  value: toValue(page(hasEncodedVariants)),
  tokens: {},
  storedAt: Date.now(),
  ttl: 60,
});

const wanted = { compress: true, acceptEncoding: 'gzip', tags: [] };

const open = () =>
  createCaches({ store: new MemoryStore(1_000_000), everything: ['t'], staleIfError: 0 }).pages;

t.test('at most two are made at once, and none of a page twice', async (t) => {
  const gate = new Gate();
  const pages = open();
  let made = 0;
  const variants = new EncodedVariants(pages, async (whole) => {
    made += 1;
    await gate.pass();
    return whole;
  });
  for (const key of ['/a', '/a', '/b', '/c']) variants.encodeFor(wanted, key, entryOf(true));
  await gate.reached;
  await turn();
  t.equal(made, 2);
  gate.open();
  while (!pages.peekLocal('gzip:/b', [])) await turn();
  t.ok(pages.peekLocal('gzip:/a', []));
  variants.encodeFor(wanted, '/c', entryOf(true));
  while (!pages.peekLocal('gzip:/c', [])) await turn();
  t.equal(made, 3);
});

t.test('one that cannot be made is made when it is asked for again', async (t) => {
  const pages = open();
  let made = 0;
  const variants = new EncodedVariants(pages, async (whole) => {
    made += 1;
    if (made === 1) throw new Error('no memory');
    return whole;
  });
  variants.encodeFor(wanted, '/a', entryOf(true));
  while (made === 0) await turn();
  t.notOk(pages.peekLocal('gzip:/a', []));
  while (!pages.peekLocal('gzip:/a', [])) {
    variants.encodeFor(wanted, '/a', entryOf(true));
    await turn();
  }
  t.equal(made, 2);
});

t.test(
  'of a page that had no encoded variants none is looked for, until it has some or too many others had none',
  async (t) => {
    const variants = new EncodedVariants(open(), async (whole) => whole);
    t.equal(variants.preferred('/a', 'gzip'), 'gzip:/a');
    variants.encodeFor(wanted, '/a', entryOf(false));
    t.equal(variants.preferred('/a', 'gzip'), undefined);
    variants.encodeFor(wanted, '/a', entryOf(true));
    t.equal(variants.preferred('/a', 'gzip'), 'gzip:/a');
    for (let index = 0; index < 4_096; index += 1) variants.encodeFor(wanted, `/${index}`, entryOf(false));
    t.equal(variants.preferred('/0', 'gzip'), undefined);
    variants.encodeFor(wanted, '/one more', entryOf(false));
    t.equal(variants.preferred('/0', 'gzip'), 'gzip:/0');
    t.equal(variants.preferred('/one more', 'gzip'), undefined);
  },
);
