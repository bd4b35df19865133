import { get as httpGet } from 'node:http';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import { MAX_VALUE_BYTES } from '../../../src/cache/stores/store.ts';
import { Gate } from '../../helpers/gate.ts';
import { SHAPE } from '../../helpers/page-shapes.ts';
import { listen, page, pageLayer, TTL } from './fixture.ts';

const BYTES = 16_000_000;
const STORED = /; stored$/;

class Unavailable extends Error {
  readonly statusCode = 503;
}

for (const varies of [false, true]) {
  t.test(
    `when the leader's client hangs up, those who wait ${varies ? 'load' : 'get'} the page`,
    async (t) => {
      const { app, get, caches } = await pageLayer(t, new MemoryStore(BYTES));
      const [gate, gone] = [new Gate(), new Gate()];
      let loads = 0;
      app.addHook('onRequest', async ({ raw }) => void raw.socket.once('close', () => void gone.pass()));
      app.get('/', { config: page }, async (_, reply) => {
        loads += 1;
        if (loads === 1) await gate.pass();
        if (varies) reply.header('vary', 'x-a');
        return String(loads);
      });
      const url = await listen(app);
      const client = httpGet(url);
      client.on('error', () => {}); // It is us who hang up.
      await gate.reached;
      const others = [get('/'), get('/'), get('/')];
      while (caches.counters.layers.pages.local.waits < others.length) await turn();
      client.destroy();
      await gone.reached;
      gate.open();
      for (const { body } of await Promise.all(others)) t.match(body, varies ? /^[234]$/ : /^1$/);
      t.equal(loads, varies ? 4 : 1);
      t.notMatch((await get('/')).headers['cache-status'], varies ? /fwd=/ : /hit/, 'it is not kept');
    },
  );
}

t.test('a variant that takes much to select is not kept', async (t) => {
  const { app, get } = await pageLayer(t, new MemoryStore(BYTES));
  app.get('/', { config: page }, async (_, reply) => reply.header('vary', 'x-a').send('text'));
  for (const _ of ['once', 'twice']) {
    const { headers } = await get('/', { 'x-a': 'a'.repeat(1_025) });
    t.equal(headers['cache-status'], 'property-listings; fwd=uri-miss');
  }
  t.match((await get('/', { 'x-a': 'a'.repeat(900) })).headers['cache-status'], STORED);
});

t.test('a page whose Vary changes from one load to the next is kept under the new one', async (t) => {
  const { app, get, advance } = await pageLayer(t, new MemoryStore(BYTES));
  let vary = 'x-a';
  app.get('/', { config: page }, async (_, reply) => reply.header('vary', vary).send(vary));
  await get('/', { 'x-a': '1', 'x-b': '1' });
  advance(TTL);
  vary = 'x-b';
  t.match((await get('/', { 'x-a': '1', 'x-b': '1' })).headers['cache-status'], STORED);
  const hit = await get('/', { 'x-a': '2', 'x-b': '1' });
  t.match(hit.headers['cache-status'], /; hit;/);
  t.equal(hit.body, 'x-b');
});

t.test('of a page that is streamed twice at once one copy is made', async (t) => {
  const { app, get } = await pageLayer(t, new MemoryStore(BYTES));
  const streams: PassThrough[] = [];
  const both = new Gate();
  app.get('/', { config: page }, async (_, reply) => {
    const stream = new PassThrough();
    if (streams.push(stream) === 2) void both.pass();
    return reply.send(stream);
  });
  const answers = [get('/'), get('/')];
  await both.reached;
  for (const [index, stream] of streams.entries()) stream.end(`stream ${index}`);
  t.same((await Promise.all(answers)).map(({ body }) => body).sort(), ['stream 0', 'stream 1']);
  t.match((await get('/')).headers['cache-status'], /; hit;/);
  t.equal(streams.length, 2);
});

t.test('if only an encoded variant of the last known answer is left, that is served', async (t) => {
  const store = new MemoryStore(BYTES);
  const { app, get, caches } = await pageLayer(t, store);
  let down = false;
  app.get('/', { config: page }, async (_, reply) => {
    if (down) throw new Unavailable('down');
    return reply.type('text/plain').send('x'.repeat(5_000));
  });
  const gzip = { 'accept-encoding': 'gzip' };
  const made = new Promise<void>((resolve) => {
    let fills = 0;
    caches.events.on('fill', () => {
      fills += 1;
      if (fills === 2) resolve();
    });
  });
  await get('/', gzip);
  await made;
  const encoded = await store.last(`pages:gzip:${SHAPE}:/`);
  if (!encoded?.entry) return t.fail('the encoded variant is there');
  const { local } = caches.counters.layers.pages;
  const lost = { ...encoded.entry, storedAt: 0 };
  await store.write(`pages:${SHAPE}:/`, lost);
  await caches.invalidate(['things']);
  down = true;
  const { statusCode, headers } = await get('/', gzip);
  t.equal(statusCode, 200);
  t.equal(headers['content-encoding'], 'gzip');
  t.match(headers['cache-status'], /; detail=stale-if-error$/);
  t.equal(local.stale_served, 1);
  t.equal((await get('/')).statusCode, 503, 'who does not take it gets the error');
});

t.test('an unsafe request to an URL without a page, or to none, invalidates nothing', async (t) => {
  const { app, caches } = await pageLayer(t, new MemoryStore(BYTES));
  const tags = ({ params }: { params: unknown }) => (Object(params).id === 'none' ? undefined : ['things']);
  app.get('/:id', { config: { pageCache: { ttl: TTL, tags } } }, async () => 'text');
  app.post('/:id', async () => 'posted');
  app.post('/other/url', async () => 'posted');
  for (const url of ['/none', '/other/url'])
    t.equal((await app.inject({ method: 'POST', url })).statusCode, 200);
  t.equal(caches.counters.invalidations.here, 0);
  await app.inject({ method: 'POST', url: '/some' });
  t.equal(caches.counters.invalidations.here, 1);
});

t.test('an entry of another program under the key of a page is not served', async (t) => {
  const store = new MemoryStore(BYTES);
  const { app, get } = await pageLayer(t, store);
  app.get('/', { config: page }, async () => 'text');
  await get('/');
  const known = await store.last(`pages:${SHAPE}:/`);
  if (!known?.entry) return t.fail('the page is there');
  for (const head of [{}, { ':page': 'no JSON' }]) {
    await store.write(`pages:${SHAPE}:/`, { ...known.entry, value: { head, body: Buffer.from('foreign') } });
    t.equal((await get('/')).body, 'text');
  }
});

t.test('a page that is too large to keep is sent, and says nothing of being stored', async (t) => {
  const { app, get } = await pageLayer(t, new MemoryStore(BYTES));
  app.get('/', { config: page }, async (_, reply) => reply.send(Buffer.alloc(MAX_VALUE_BYTES + 1)));
  const { headers, rawPayload } = await get('/');
  t.equal(rawPayload.byteLength, MAX_VALUE_BYTES + 1);
  t.equal(headers['cache-status'], 'property-listings; fwd=uri-miss');
});
