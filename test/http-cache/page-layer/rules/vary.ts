import t from 'tap';
import { variantKey } from '../../../../src/http-cache/rules/vary.ts';
import { storeKinds } from '../../../helpers/stores.ts';
import { page, pageLayer, TTL } from '../fixture.ts';
import { WatchedStore } from './watched-store.ts';

const HIT = 'property-listings; hit; ttl=60';
const VARY_MISS = 'property-listings; fwd=vary-miss; stored';

for (const { name, skip, open } of storeKinds) {
  t.test(`a page that varies by a field, in ${name}`, { skip }, async (t) => {
    const { app, get } = await pageLayer(t, await open(t));
    let loads = 0;
    app.get('/', { config: page }, async ({ headers }, reply) => {
      loads += 1;
      return reply.header('vary', 'Accept-Language').send(`in ${headers['accept-language']}`);
    });

    t.test('is kept once for each value, and each is a hit', async (t) => {
      const first = await get('/', { 'accept-language': 'en' });
      t.equal(first.headers['cache-status'], 'property-listings; fwd=uri-miss; stored');
      const second = await get('/', { 'accept-language': 'fr' });
      t.equal(second.headers['cache-status'], VARY_MISS);
      t.not(second.headers.etag, first.headers.etag);
      for (const language of ['en', 'fr']) {
        const { headers, body } = await get('/', { 'accept-language': language });
        t.equal(body, `in ${language}`);
        t.equal(headers['cache-status'], HIT);
        t.equal(headers.vary, 'Accept-Language');
      }
      t.equal(loads, 2);
    });

    t.test('has a variant for requests without the field', async (t) => {
      t.equal((await get('/')).headers['cache-status'], VARY_MISS);
      const { headers, body } = await get('/');
      t.equal(headers['cache-status'], HIT);
      t.equal(body, 'in undefined');
    });
  });
}

t.test('spaces, the case of a language, and one field or several do not make another variant', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async (_, reply) => reply.header('vary', 'accept-language').send('page'));
  await get('/', { 'accept-language': 'en-GB, fr;q=0.5' });
  for (const same of ['en-GB,fr;q=0.5', ' en-GB ,  fr;q=0.5 ', 'EN-gb, FR;q=0.5']) {
    t.equal((await get('/', { 'accept-language': same })).headers['cache-status'], HIT, same);
  }
  const twice = await app.inject({ url: '/', headers: { 'accept-language': ['en-GB', 'fr;q=0.5'] } });
  t.equal(twice.headers['cache-status'], HIT);
});

t.test('the case of a value counts where it means something', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async ({ headers }, reply) =>
    reply.header('vary', 'x-tenant').send(String(headers['x-tenant'])),
  );
  await get('/', { 'x-tenant': 'Acme' });
  const other = await get('/', { 'x-tenant': 'acme' });
  t.equal(other.headers['cache-status'], VARY_MISS);
  t.equal(other.body, 'acme');
});

t.test('all fields of Vary select, in any order', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async ({ headers }, reply) =>
    reply
      .header('vary', 'X-B,  Accept-Language, x-b')
      .send(`${headers['x-b']} ${headers['accept-language']}`),
  );
  await get('/', { 'x-b': '1', 'accept-language': 'en' });
  t.equal((await get('/', { 'accept-language': 'en', 'x-b': '1' })).headers['cache-status'], HIT);
  t.equal((await get('/', { 'x-b': '2', 'accept-language': 'en' })).body, '2 en');
  t.equal((await get('/', { 'x-b': '1', 'accept-language': 'fr' })).body, '1 fr');
});

t.test('hundreds of values of a field make at most 256 entries and the one that leads to them', async (t) => {
  const store = new WatchedStore();
  const { app, get } = await pageLayer(t, store);
  app.get('/', { config: page }, async ({ headers }, reply) =>
    reply.header('vary', 'x-any').send(String(headers['x-any'])),
  );
  for (let value = 0; value < 700; value += 1) {
    t.equal((await get('/', { 'x-any': String(value) })).body, String(value));
  }
  t.ok(store.keys.size <= 257, `${store.keys.size} keys`);
  t.ok(store.keys.size > 200, 'the variants do not all fall together');
});

t.test('a variant whose bucket another one has taken is loaded again, and is never the other', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async ({ headers }, reply) =>
    reply.header('vary', 'x-any').send(String(headers['x-any'])),
  );
  const [one, other] = fallingTogether('x-any');
  await get('/', { 'x-any': one });
  const replaced = await get('/', { 'x-any': other });
  t.equal(replaced.headers['cache-status'], VARY_MISS);
  t.equal(replaced.body, other);
  t.equal((await get('/', { 'x-any': other })).headers['cache-status'], HIT);
  t.equal((await get('/', { 'x-any': one })).body, one);
});

t.test('when what the page varies by changes, requests are told apart by the new fields', async (t) => {
  const { app, get, advance } = await pageLayer(t, new WatchedStore());
  let vary = 'accept-language';
  app.get('/', { config: page }, async ({ headers }, reply) =>
    reply.header('vary', vary).send(`${vary}: ${headers[vary]}`),
  );
  await get('/', { 'accept-language': 'en', 'x-mode': 'a' });
  vary = 'x-mode';
  advance(TTL);
  t.equal((await get('/', { 'accept-language': 'en', 'x-mode': 'a' })).body, 'x-mode: a');
  const hit = await get('/', { 'accept-language': 'fr', 'x-mode': 'a' });
  t.equal(hit.headers['cache-status'], HIT);
  t.equal(hit.body, 'x-mode: a');
  t.equal((await get('/', { 'accept-language': 'en', 'x-mode': 'b' })).body, 'x-mode: b');
});

t.test('when the page no longer varies, it is one page for all', async (t) => {
  const { app, get, caches } = await pageLayer(t, new WatchedStore());
  let varies = true;
  app.get('/', { config: page }, async ({ headers }, reply) => {
    if (varies) reply.header('vary', 'x-mode');
    return varies ? String(headers['x-mode']) : 'for all';
  });
  await get('/', { 'x-mode': 'a' });
  varies = false;
  await caches.invalidate(['things']);
  t.equal((await get('/', { 'x-mode': 'b' })).body, 'for all');
  for (const mode of ['a', 'b', 'c']) {
    const { headers, body } = await get('/', { 'x-mode': mode });
    t.equal(headers['cache-status'], HIT);
    t.equal(body, 'for all');
  }
});

t.test('a hook that varies its own fields by the request does so on hits too', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.addHook('onRequest', async ({ headers }, reply) => {
    reply.headers({ 'access-control-allow-origin': headers.origin ?? '*', vary: 'Origin' });
  });
  app.get('/', { config: page }, async () => 'the page');
  app.get('/varies', { config: page }, async (_, reply) =>
    reply.header('vary', 'Origin, Accept-Language').send('the page'),
  );
  for (const origin of ['https://a.example', 'https://b.example']) {
    await get('/', { origin });
    const hit = await get('/', { origin });
    t.equal(hit.headers['cache-status'], HIT);
    t.equal(hit.headers['access-control-allow-origin'], origin);
    t.equal(hit.headers.vary, 'Origin');
  }
  await get('/varies', { origin: 'https://a.example' });
  const both = await get('/varies', { origin: 'https://a.example' });
  t.equal(both.headers['cache-status'], HIT);
  t.equal(both.headers.vary, 'Origin, Accept-Language');
});

t.test(
  'a hit says what a hook varies by, what the page does, and that there are other codings',
  async (t) => {
    const { app, get } = await pageLayer(t, new WatchedStore());
    app.addHook('onRequest', async (_, reply) => void reply.header('vary', 'Origin'));
    app.get('/large', { config: page }, async () => 'a'.repeat(2_000));
    app.get('/varies', { config: page }, async (_, reply) => reply.header('vary', 'X-Mode').send('page'));
    for (const [url, vary] of [
      ['/large', 'Origin, Accept-Encoding'],
      ['/varies', 'Origin, X-Mode'],
    ] as const) {
      await get(url);
      const { headers } = await get(url);
      t.equal(headers['cache-status'], HIT);
      t.equal(headers.vary, vary);
    }
  },
);

t.test('the last known answer is that of the same variant, or none', async (t) => {
  const { app, get, advance } = await pageLayer(t, new WatchedStore());
  let away = false;
  app.get('/', { config: page }, async ({ headers }, reply) => {
    if (away) throw Object.assign(new Error('away'), { statusCode: 503 });
    return reply.header('vary', 'x-any').send(String(headers['x-any']));
  });
  const [one, other] = fallingTogether('x-any');
  await get('/', { 'x-any': one });
  advance(TTL);
  away = true;
  const stale = await get('/', { 'x-any': one });
  t.equal(stale.statusCode, 200);
  t.equal(stale.body, one);
  t.match(stale.headers['cache-status'], /; detail=stale-if-error$/);
  for (const unknown of [other, 'unknown']) {
    t.equal(
      (await get('/', { 'x-any': unknown })).statusCode,
      503,
      'even if it has the bucket of one that is known',
    );
  }
});

/** Two values of a field that select variants of `/` in the same bucket. */
function fallingTogether(name: string): readonly [string, string] {
  const seen = new Map<string, string>();
  for (let value = 0; ; value += 1) {
    const key = variantKey('/', { [name]: String(value) });
    const earlier = seen.get(key);
    if (earlier !== undefined) return [earlier, String(value)];
    seen.set(key, String(value));
  }
}
