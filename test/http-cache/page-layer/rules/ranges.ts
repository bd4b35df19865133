import t, { type Test } from 'tap';
import { page, pageLayer } from '../fixture.ts';
import { WatchedStore } from './watched-store.ts';

const MODIFIED = 'Tue, 14 Nov 2023 22:13:20 GMT';

/** A page of ten bytes, whose next request is a hit or, after `forget`, a miss. */
async function tenBytes(t: Test, headers: Record<string, string> = {}) {
  const layer = await pageLayer(t, new WatchedStore());
  layer.app.get('/', { config: page }, async (_, reply) =>
    reply
      .headers({ 'last-modified': MODIFIED, ...headers })
      .type('text/plain')
      .send('0123456789'),
  );
  const first = await layer.get('/');
  const forget = () => layer.caches.invalidate(['things']);
  return { ...layer, forget, etag: String(first.headers.etag) };
}

for (const how of ['hit', 'miss'] as const) {
  t.test(`Range on a ${how}`, async (t) => {
    const { get, forget, etag } = await tenBytes(t);
    const ask = async (range: string, headers: Record<string, string> = {}) => {
      if (how === 'miss') await forget();
      const response = await get('/', { range, ...headers });
      t.match(response.headers['cache-status'], how === 'hit' ? /; hit; ttl=60$/ : /; stored$/);
      return response;
    };

    for (const [range, part, contentRange] of [
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=0-0', '0', 'bytes 0-0/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=8-99', '89', 'bytes 8-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ] as const) {
      t.test(`${range} gets these bytes as 206, with the page's fields`, async (t) => {
        const { statusCode, headers, body } = await ask(range);
        t.equal(statusCode, 206);
        t.equal(body, part);
        t.equal(headers['content-range'], contentRange);
        t.equal(headers['content-length'], String(part.length));
        t.equal(headers['content-type'], 'text/plain');
        t.equal(headers.etag, etag);
        t.equal(headers['last-modified'], MODIFIED);
      });
    }

    for (const range of ['bytes=10-', 'bytes=99-100', 'bytes=-0']) {
      t.test(`${range}, of which the page has nothing, is 416 with the length`, async (t) => {
        const { statusCode, headers, body } = await ask(range);
        t.equal(statusCode, 416);
        t.equal(headers['content-range'], 'bytes */10');
        t.equal(body, '');
        t.equal((await get('/')).body, '0123456789', 'the page is still whole');
      });
    }

    for (const range of [
      'bytes=0-1,4-5',
      'bytes=4-2',
      'bytes=',
      'bytes=a-b',
      'bytes=-',
      'lines=1-2',
      '0-1',
    ]) {
      t.test(`${range} is ignored`, async (t) => {
        const { statusCode, headers, body } = await ask(range);
        t.equal(statusCode, 200);
        t.equal(body, '0123456789');
        t.notOk('content-range' in headers);
      });
    }

    t.test('a part is sent while If-Range names the page by its strong tag', async (t) => {
      t.equal((await ask('bytes=2-4', { 'if-range': etag })).statusCode, 206);
    });

    t.test('the whole page is sent if If-Range names another one, or by what may be weak', async (t) => {
      const later = 'Tue, 14 Nov 2023 22:13:21 GMT';
      for (const validator of ['"other"', `W/${etag}`, MODIFIED, later, 'rubbish']) {
        const { statusCode, body } = await ask('bytes=2-4', { 'if-range': validator });
        t.equal(statusCode, 200, validator);
        t.equal(body, '0123456789');
      }
    });

    t.test('If-None-Match comes before Range', async (t) => {
      t.equal((await ask('bytes=2-4', { 'if-none-match': etag })).statusCode, 304);
      t.equal((await ask('bytes=2-4', { 'if-none-match': '"other"' })).statusCode, 206);
    });
  });
}

t.test('a part of a page with a weak ETag is not sent for that tag', async (t) => {
  const { get } = await tenBytes(t, { etag: 'W/"weak"' });
  for (const tag of ['W/"weak"', '"weak"']) {
    t.equal((await get('/', { range: 'bytes=2-4', 'if-range': tag })).statusCode, 200, tag);
  }
  t.equal((await get('/', { range: 'bytes=2-4' })).statusCode, 206);
});

t.test('an answer of another status is sent whole', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/missing', { config: page }, async (_, reply) => reply.code(404).send('0123456789'));
  const { statusCode, body } = await get('/missing', { range: 'bytes=2-4' });
  t.equal(statusCode, 404);
  t.equal(body, '0123456789');
});
