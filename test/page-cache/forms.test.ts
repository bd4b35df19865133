import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { createCaches } from '../../src/cache/index.ts';
import { MemoryStore } from '../../src/cache/memory-store.ts';
import type { Entry } from '../../src/cache/store.ts';
import type { Search } from '../../src/plugins/page-cache/finder.ts';
import { Forms } from '../../src/plugins/page-cache/forms.ts';
import { type Page, toValue } from '../../src/plugins/page-cache/page.ts';
import { Gate } from '../helpers/gate.ts';

const page = (hasForms: boolean): Page => ({
  status: 200,
  headers: {},
  body: Buffer.from('a page'),
  hasForms,
});

const entryOf = (hasForms: boolean): Entry => ({
  value: toValue(page(hasForms)),
  tokens: {},
  storedAt: Date.now(),
  ttl: 60,
});

const search: Search = {
  route: { url: '/', ttl: 60, compress: true, byUrlAlone: true, identify: () => undefined },
  id: { key: '/', tags: [] },
  asked: { headers: { 'accept-encoding': 'gzip' }, directives: new Map() },
  lead: 'for all',
};

const open = () =>
  createCaches({ store: new MemoryStore(1_000_000), everything: ['t'], staleIfError: 0 }).pages;

t.test('at most two forms are made at once, and none of a page twice', async (t) => {
  const gate = new Gate();
  const pages = open();
  let made = 0;
  const forms = new Forms(pages, async (whole) => {
    made += 1;
    await gate.pass();
    return whole;
  });
  for (const key of ['/a', '/a', '/b', '/c']) forms.makeFor(search, key, entryOf(true));
  await gate.reached;
  await turn();
  t.equal(made, 2);
  gate.open();
  while (!pages.near('gzip:/b', [])) await turn();
  t.ok(pages.near('gzip:/a', []));
  forms.makeFor(search, '/c', entryOf(true));
  while (!pages.near('gzip:/c', [])) await turn();
  t.equal(made, 3);
});

t.test('a form that cannot be made is made when it is asked for again', async (t) => {
  const pages = open();
  let made = 0;
  const forms = new Forms(pages, async (whole) => {
    made += 1;
    if (made === 1) throw new Error('no memory');
    return whole;
  });
  forms.makeFor(search, '/a', entryOf(true));
  while (made === 0) await turn();
  t.notOk(pages.near('gzip:/a', []));
  while (!pages.near('gzip:/a', [])) {
    forms.makeFor(search, '/a', entryOf(true));
    await turn();
  }
  t.equal(made, 2);
});

t.test(
  'of a page that had no forms none is looked for, until it has some or too many others had none',
  async (t) => {
    const forms = new Forms(open(), async (whole) => whole);
    t.equal(forms.preferred('/a', 'gzip'), 'gzip:/a');
    forms.makeFor(search, '/a', entryOf(false));
    t.equal(forms.preferred('/a', 'gzip'), undefined);
    forms.makeFor(search, '/a', entryOf(true));
    t.equal(forms.preferred('/a', 'gzip'), 'gzip:/a');
    for (let index = 0; index < 4_096; index += 1) forms.makeFor(search, `/${index}`, entryOf(false));
    t.equal(forms.preferred('/0', 'gzip'), undefined);
    forms.makeFor(search, '/one more', entryOf(false));
    t.equal(forms.preferred('/0', 'gzip'), 'gzip:/0');
    t.equal(forms.preferred('/one more', 'gzip'), undefined);
  },
);
