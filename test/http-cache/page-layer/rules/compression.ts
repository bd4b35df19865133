import { setImmediate as turn } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { SHAPE } from '../../../helpers/page-shapes.ts';
import { storeKinds } from '../../../helpers/stores.ts';
import { page, pageLayer } from '../fixture.ts';
import { WatchedStore } from './watched-store.ts';

const TEXT = 'a page that is worth compressing. '.repeat(100);
const BROWSER = 'gzip, deflate, br, zstd';

/** How often a test asks for what is being made. */
const TRIES = 2_000;

type Get = Awaited<ReturnType<typeof pageLayer>>['get'];

/** Asks until the page comes in the coding: its encoded variant is made after the first request that would rather have it. */
async function inCoding(get: Get, url: string, acceptEncoding: string) {
  for (let tries = 0; tries < TRIES; tries += 1, await turn()) {
    const response = await get(url, { 'accept-encoding': acceptEncoding });
    if (response.headers['content-encoding'] !== undefined) return response;
  }
  throw new Error(`no encoded variant of ${url} for ${acceptEncoding}`);
}

for (const { name, skip, open } of storeKinds) {
  t.test(`a page in other codings, over ${name}`, { skip }, async (t) => {
    const { app, get, caches } = await pageLayer(t, await open(t));
    let text = TEXT;
    let loads = 0;
    app.get('/', { config: page }, async (_, reply) => {
      loads += 1;
      return reply.type('text/plain').send(text);
    });

    t.test('comes as it is to the first who would rather have it compressed, then compressed', async (t) => {
      const first = await get('/', { 'accept-encoding': BROWSER });
      t.equal(first.headers['cache-status'], 'property-listings; fwd=uri-miss; stored');
      t.notOk('content-encoding' in first.headers);
      t.equal(first.body, TEXT);
      const br = await inCoding(get, '/', BROWSER);
      t.equal(br.headers['content-encoding'], 'br');
      t.equal(brotliDecompressSync(br.rawPayload).toString(), TEXT);
      const gzip = await inCoding(get, '/', 'gzip');
      t.equal(gzip.headers['content-encoding'], 'gzip');
      t.equal(gunzipSync(gzip.rawPayload).toString(), TEXT);
      t.equal(loads, 1);
      const etags = [first, br, gzip].map(({ headers }) => String(headers.etag));
      t.equal(new Set(etags).size, 3, 'each has an ETag of its own');
      for (const { headers, rawPayload } of [first, br, gzip]) {
        t.equal(headers.vary, 'Accept-Encoding');
        t.equal(headers['content-length'], String(rawPayload.byteLength));
        t.equal(headers['content-type'], 'text/plain');
      }
      for (const coding of ['identity', 'br', 'gzip']) {
        for (const etag of etags) {
          const headers = { 'accept-encoding': coding, 'if-none-match': `"x", ${etag}` };
          const { statusCode, headers: got, body } = await get('/', headers);
          t.equal(statusCode, 304, `${etag} to a client that takes ${coding}`);
          t.equal(body, '');
          t.equal(got.etag, etag, 'which the client has');
          t.equal(got.vary, 'Accept-Encoding');
          t.notOk('content-encoding' in got);
        }
      }
      t.equal((await get('/', { 'accept-encoding': 'br', 'if-none-match': '"x-br"' })).statusCode, 200);
    });

    t.test('HEAD says what GET would', async (t) => {
      const br = await inCoding(get, '/', 'br');
      const head = await app.inject({ method: 'HEAD', url: '/', headers: { 'accept-encoding': 'br' } });
      for (const field of ['etag', 'content-length', 'content-encoding', 'vary']) {
        t.equal(head.headers[field], br.headers[field], field);
      }
      t.equal(head.body, '');
    });

    t.test('is fenced in each of them when its tag is invalidated', async (t) => {
      for (const coding of ['br', 'gzip']) await inCoding(get, '/', coding);
      text = TEXT.toUpperCase();
      await caches.invalidate(['things']);
      const { rawPayload } = await inCoding(get, '/', 'gzip');
      t.equal(gunzipSync(rawPayload).toString(), text);
      const first = await get('/', { 'accept-encoding': 'br' });
      t.equal(
        first.headers['content-encoding'] === 'br'
          ? brotliDecompressSync(first.rawPayload).toString()
          : first.body,
        text,
      );
    });
  });
}

/** A page that has been compressed in both codings. */
async function compressed(t: Test) {
  const layer = await pageLayer(t, new WatchedStore());
  layer.app.get('/', { config: page }, async () => TEXT);
  for (const coding of ['br', 'gzip']) await inCoding(layer.get, '/', coding);
  return layer;
}

t.test('the coding is the one that the client likes best, and never one that it refuses', async (t) => {
  const { get } = await compressed(t);
  for (const [asked, coding] of [
    ['br, gzip', 'br'],
    ['gzip, br', 'br'],
    ['br;q=0.5, gzip', 'gzip'],
    ['BR;q=0.1', 'br'],
    ['x-gzip', 'gzip'],
    ['*', 'br'],
    ['*, br;q=0', 'gzip'],
    ['br;q=0, gzip;q=0', undefined],
    ['br;q=0', undefined],
    ['gzip;q=0.000', undefined],
    ['*;q=0', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['deflate, zstd', undefined],
    ['brotli', undefined],
    ['', undefined],
  ] as const) {
    const { headers } = await get('/', { 'accept-encoding': asked });
    t.equal(headers['content-encoding'], coding, asked);
    t.match(headers['cache-status'], /; hit;/);
  }
  t.notOk('content-encoding' in (await get('/')).headers, 'to a client that says nothing');
});

t.test('a part of the page is one of the encoded variant that the client takes', async (t) => {
  const { get } = await compressed(t);
  const { rawPayload, headers } = await get('/', { 'accept-encoding': 'gzip' });
  const part = await get('/', { 'accept-encoding': 'gzip', range: 'bytes=2-9' });
  t.equal(part.statusCode, 206);
  t.equal(part.headers['content-encoding'], 'gzip');
  t.same(part.rawPayload, rawPayload.subarray(2, 10));
  const plain = await get('/', { range: 'bytes=2-9', 'if-range': String(headers.etag) });
  t.equal(plain.statusCode, 200, 'the tag of one coding is not that of another');
});

t.test('a page that is better left as it is is not compressed', async (t) => {
  const store = new WatchedStore();
  const { app, get } = await pageLayer(t, store);
  app.get('/small', { config: page }, async () => 'a'.repeat(1_023));
  app.get('/image', { config: page }, async (_, reply) => reply.type('image/png').send(Buffer.from(TEXT)));
  app.get('/encoded', { config: page }, async (_, reply) =>
    reply.headers({ 'content-encoding': 'x-mine', 'content-type': 'text/plain' }).send(Buffer.from(TEXT)),
  );
  app.get('/kept', { config: page }, async (_, reply) =>
    reply.header('cache-control', 'public, No-Transform').send(TEXT),
  );
  app.get('/off', { config: { pageCache: { ...page.pageCache, compress: false } } }, async () => TEXT);
  app.get('/last', { config: page }, async () => TEXT);
  for (const url of ['/small', '/image', '/encoded', '/kept', '/off', '/last']) {
    for (const _ of ['miss', 'hit']) {
      const { headers } = await get(url, { 'accept-encoding': 'br' });
      if (url !== '/last') t.equal(headers.vary, undefined, `${url} is the same for all`);
    }
  }
  await store.written(`pages:br:${SHAPE}:/last`); // It was asked for last, so the others would have been made before.
  t.same(
    [...store.keys].filter((key) => key.startsWith('pages:br:')),
    [`pages:br:${SHAPE}:/last`],
  );
});

t.test("the handler's own ETag has the coding in it, unless it is weak", async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/strong', { config: page }, async (_, reply) => reply.header('etag', '"mine"').send(TEXT));
  app.get('/weak', { config: page }, async (_, reply) => reply.header('etag', 'W/"mine"').send(TEXT));
  t.equal((await inCoding(get, '/strong', 'br')).headers.etag, '"mine-br"');
  t.equal((await get('/strong')).headers.etag, '"mine"');
  t.equal((await inCoding(get, '/weak', 'br')).headers.etag, 'W/"mine"');
  const asked = { 'accept-encoding': 'br', 'if-none-match': '"mine-br"' };
  t.equal((await get('/strong', asked)).statusCode, 304);
});

t.test('each variant of a page has encoded variants of its own', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async ({ headers }, reply) =>
    reply.header('vary', 'X-Mode').send(`${headers['x-mode']} ${TEXT}`),
  );
  for (const mode of ['a', 'b']) {
    const ask: Get = (url, headers) => get(url, { ...headers, 'x-mode': mode });
    const { headers, rawPayload } = await inCoding(ask, '/', 'br');
    t.equal(brotliDecompressSync(rawPayload).toString(), `${mode} ${TEXT}`);
    t.equal(headers.vary, 'X-Mode, Accept-Encoding');
  }
});
