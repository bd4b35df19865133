import t from 'tap';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import { ChaosStore } from '../../helpers/chaos-store.ts';
import { Gate } from '../../helpers/gate.ts';
import { storeKinds } from '../../helpers/stores.ts';
import { page, pageLayer, STALE_IF_ERROR, TTL } from './fixture.ts';

const MISS = 'property-listings; fwd=uri-miss; stored';
const STALE = 'property-listings; fwd=stale; stored';
const STALE_IF_ERROR_STATUS = 'property-listings; fwd=stale; fwd-status=503; detail=stale-if-error';

class Unavailable extends Error {
  readonly statusCode = 503;
}

for (const { name, skip, open } of storeKinds) {
  t.test(`a page as time goes by, over ${name}`, { skip }, async (t) => {
    t.test('it is a hit for its ttl and not a second longer, however often it was hit', async (t) => {
      const { app, get, statusOf, advance } = await pageLayer(t, await open(t));
      let loads = 0;
      app.get('/', { config: page }, async () => {
        loads += 1;
        return String(loads);
      });
      t.equal(await statusOf('/'), MISS);
      for (const [age, ttl] of [
        [0, 60],
        [30, 30],
        [59, 1],
      ] as const) {
        advance(age - Number((await get('/')).headers.age));
        const { headers } = await get('/');
        t.equal(headers.age, String(age));
        t.equal(headers['cache-status'], `property-listings; hit; ttl=${ttl}`);
      }
      advance(0.999);
      t.equal(await statusOf('/'), 'property-listings; hit; ttl=1');
      advance(0.001);
      const renewed = await get('/');
      t.equal(renewed.headers['cache-status'], STALE);
      t.equal(renewed.body, '2');
      t.notOk('age' in renewed.headers);
      t.equal(await statusOf('/'), 'property-listings; hit; ttl=60');
    });

    t.test('while one request refreshes it, others get it as it was, and say so', async (t) => {
      const { app, get, advance } = await pageLayer(t, await open(t));
      const gate = new Gate();
      let loads = 0;
      app.get('/', { config: page }, async () => {
        loads += 1;
        if (loads === 2) await gate.pass();
        return String(loads);
      });
      await get('/');
      advance(TTL + 5);
      const refreshing = get('/');
      await gate.reached;
      const old = await get('/');
      t.equal(old.body, '1');
      t.equal(old.headers.age, '65');
      t.equal(old.headers['cache-status'], 'property-listings; hit; ttl=-5');
      gate.open();
      t.equal((await refreshing).body, '2');
      t.equal((await get('/')).body, '2');
      t.equal(loads, 2);
    });

    t.test('its age is never negative, even after the clock was set back', async (t) => {
      const { app, get, advance } = await pageLayer(t, await open(t));
      app.get('/', { config: page }, async () => 'text');
      await get('/');
      advance(-10);
      const { headers } = await get('/');
      t.equal(headers.age, '0');
      t.equal(headers['cache-status'], 'property-listings; hit; ttl=60');
    });

    t.test('when the database is there but busy, nothing stale is served', async (t) => {
      const { app, get, caches } = await pageLayer(t, await open(t));
      let busy = false;
      app.get('/', { config: page }, async () => {
        if (busy) throw new Error('timeout exceeded when trying to connect');
        return 'text';
      });
      await get('/');
      await caches.invalidate(['things']);
      busy = true;
      const response = await get('/');
      t.match(response.json(), { status: 503, code: 'PL_DATABASE_BUSY' });
      t.equal(response.headers['retry-after'], '1');
      t.equal(response.headers['cache-status'], 'property-listings; fwd=stale');
    });

    for (const [how, age] of [
      ['has expired', async (layer: Layer) => layer.advance(TTL)],
      ['was invalidated', async (layer: Layer) => layer.caches.invalidate(['things'])],
    ] as const) {
      t.test(`when it ${how} and the handler answers 503, it is served stale`, async (t) => {
        const layer = await pageLayer(t, await open(t));
        const { app, get, caches } = layer;
        let down = false;
        app.get('/', { config: page }, async (_, reply) => {
          if (down) throw new Unavailable('down');
          return reply.header('x-kept', 'yes').send({ a: 1 });
        });
        const { headers, body } = await get('/');
        await age(layer);
        down = true;
        for (const _ of ['once', 'twice']) {
          const stale = await get('/');
          t.equal(stale.statusCode, 200);
          t.equal(stale.body, body);
          t.equal(stale.headers['cache-status'], STALE_IF_ERROR_STATUS);
          for (const name of ['etag', 'content-type', 'content-length', 'x-kept', 'cache-control']) {
            t.equal(stale.headers[name], headers[name], name);
          }
          t.notOk('retry-after' in stale.headers);
        }
        const { local, shared } = caches.counters.layers.pages;
        t.equal(local.stale_served + shared.stale_served, 2);
        t.equal((await get('/', { authorization: 'Bearer x' })).body, body);
        t.equal((await app.inject({ method: 'HEAD', url: '/' })).headers['content-length'], '7');
        const known = await get('/', { 'if-none-match': '*' });
        t.equal(known.statusCode, 304);
        t.equal(known.headers['cache-status'], STALE_IF_ERROR_STATUS);
        down = false;
        t.equal((await get('/')).headers['cache-status'], STALE);
        t.match((await get('/')).headers['cache-status'], /; hit;/);
      });
    }

    t.test('a bug is no reason to serve it stale', async (t) => {
      const { app, get, advance } = await pageLayer(t, await open(t));
      let broken = false;
      app.get('/', { config: page }, async () => {
        if (broken) throw new Error('a bug');
        return 'text';
      });
      await get('/');
      advance(TTL);
      broken = true;
      const response = await get('/');
      t.equal(response.statusCode, 500);
      t.equal(response.headers['cache-status'], 'property-listings; fwd=stale');
    });

    t.test('with a STALE_IF_ERROR of 0 it is never served stale', async (t) => {
      const { app, get, advance } = await pageLayer(t, await open(t), { staleIfError: 0 });
      let down = false;
      app.get('/', { config: page }, async () => {
        if (down) throw new Unavailable('down');
        return 'text';
      });
      await get('/');
      advance(TTL);
      down = true;
      t.equal((await get('/')).statusCode, 503);
    });
  });
}

type Layer = Awaited<ReturnType<typeof pageLayer>>;

t.test('it is served stale until STALE_IF_ERROR seconds after its ttl, and not longer', async (t) => {
  const { app, get, advance } = await pageLayer(t, new MemoryStore(1024 * 1024));
  let down = false;
  app.get('/', { config: page }, async () => {
    if (down) throw new Unavailable('down');
    return 'text';
  });
  await get('/');
  down = true;
  advance(TTL + STALE_IF_ERROR - 1);
  const last = await get('/');
  t.equal(last.statusCode, 200);
  t.equal(last.headers.age, String(TTL + STALE_IF_ERROR - 1));
  advance(2);
  const over = await get('/');
  t.equal(over.statusCode, 503);
  t.equal(over.headers['retry-after'], '1');
  t.equal(over.headers['cache-status'], 'property-listings; fwd=stale');
});

t.test(
  'while the cache is not to be trusted every page is loaded, none stored, and 304 still works',
  async (t) => {
    const [memory] = storeKinds;
    if (!memory) throw new Error('there is a memory store');
    const { app, get, statusOf, caches } = await pageLayer(t, await memory.open(t));
    let loads = 0;
    app.get('/', { config: page }, async () => {
      loads += 1;
      return 'text';
    });
    t.equal(await statusOf('/'), MISS);
    caches.distrust('test');
    const bypassed = await get('/');
    t.equal(bypassed.headers['cache-status'], 'property-listings; fwd=bypass');
    t.equal((await get('/', { 'if-none-match': String(bypassed.headers.etag) })).statusCode, 304);
    t.equal(loads, 3);
    await caches.trust('test');
    t.equal(await statusOf('/'), STALE);
    t.match(await statusOf('/'), /; hit;/);
  },
);

t.test('a store that fails makes no request fail', async (t) => {
  const [memory] = storeKinds;
  if (!memory) throw new Error('there is a memory store');
  const store = new ChaosStore(await memory.open(t));
  const { app, get, statusOf } = await pageLayer(t, store);
  app.get('/', { config: page }, async () => 'text');
  store.broken.add('read');
  t.equal(await statusOf('/'), 'property-listings; fwd=bypass');
  t.equal((await get('/')).body, 'text');
  store.broken.clear();
  store.broken.add('write');
  t.equal((await get('/')).body, 'text');
  t.equal((await get('/')).body, 'text');
});
