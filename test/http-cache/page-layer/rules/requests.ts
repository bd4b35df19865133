import t from 'tap';
import { page, pageLayer } from '../fixture.ts';
import { WatchedStore } from './watched-store.ts';

const MISS = 'property-listings; fwd=uri-miss';
const HIT = 'property-listings; hit; ttl=60';
const MODIFIED = 'Tue, 14 Nov 2023 22:13:20 GMT';
const EARLIER = 'Tue, 14 Nov 2023 22:13:19 GMT';
const LATER = 'Tuesday, 14-Nov-23 22:13:21 GMT';

/** Whether an answer to a request with `Authorization` may be kept for others, by its `Cache-Control`. */
const SHARED = [
  ['public', true],
  ['s-maxage=5', true],
  ['must-revalidate', true],
  ['max-age=5', false],
  ['no-cache', false],
  ['proxy-revalidate', false],
] as const;

t.test(
  'If-Modified-Since answers 304 if the page has not changed since, on a hit and on a miss',
  async (t) => {
    const { app, get, caches } = await pageLayer(t, new WatchedStore());
    app.get('/', { config: page }, async (_, reply) => reply.header('last-modified', MODIFIED).send('page'));
    app.get('/undated', { config: page }, async () => 'page');
    for (const how of ['miss', 'hit']) {
      for (const [since, status] of [
        [MODIFIED, 304],
        [LATER, 304],
        [EARLIER, 200],
        ['rubbish', 200],
        ['2023-11-14T22:13:21Z', 200],
      ] as const) {
        if (how === 'miss') await caches.invalidate(['things']);
        const { statusCode, headers } = await get('/', { 'if-modified-since': since });
        t.equal(statusCode, status, `${since} on a ${how}`);
        t.match(headers['cache-status'], how === 'hit' ? HIT : /; stored$/);
      }
      t.equal((await get('/undated', { 'if-modified-since': LATER })).statusCode, 200);
    }
  },
);

t.test('If-None-Match counts alone where both conditions are given', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async (_, reply) =>
    reply.headers({ 'last-modified': MODIFIED, etag: '"mine"' }).send('page'),
  );
  await get('/');
  const both = (tag: string, since: string) => get('/', { 'if-none-match': tag, 'if-modified-since': since });
  t.equal((await both('"other"', LATER)).statusCode, 200);
  t.equal((await both('"mine"', EARLIER)).statusCode, 304);
});

t.test('a 304 has what a 200 would say of the page, and nothing of its content', async (t) => {
  const { app, get, advance } = await pageLayer(t, new WatchedStore());
  const ofPage = {
    'cache-control': 'public, max-age=5',
    'content-location': '/en',
    expires: LATER,
    'last-modified': MODIFIED,
    vary: 'accept-language',
  };
  app.get('/', { config: page }, async (_, reply) =>
    reply.headers({ ...ofPage, 'content-language': 'en' }).send({ a: 'page' }),
  );
  const { headers: whole } = await get('/');
  advance(5);
  const { statusCode, headers, body } = await get('/', { 'if-none-match': String(whole.etag) });
  t.equal(statusCode, 304);
  t.equal(body, '');
  t.match(headers, {
    ...ofPage,
    etag: whole.etag,
    age: '5',
    'cache-status': 'property-listings; hit; ttl=55',
  });
  t.ok(headers.date);
  for (const name of ['content-type', 'content-language', 'content-length', 'content-encoding']) {
    t.notOk(name in headers, name);
  }
});

t.test('the answer to a request with no-store is not stored, and a stored one may answer it', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  let loads = 0;
  app.get('/', { config: page }, async () => {
    loads += 1;
    return String(loads);
  });
  const headers = { 'cache-control': 'no-store' };
  for (const load of ['1', '2']) {
    const response = await get('/', headers);
    t.equal(response.body, load);
    t.equal(response.headers['cache-status'], MISS);
  }
  await get('/');
  t.equal((await get('/', headers)).headers['cache-status'], HIT);
});

t.test('the route alone decides on freshness: a client cannot make it load', async (t) => {
  const { app, get, advance } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async () => 'page');
  await get('/');
  advance(10);
  for (const headers of [
    { 'cache-control': 'no-cache' },
    { 'cache-control': 'max-age=0' },
    { 'cache-control': 'min-fresh=55' },
    { pragma: 'no-cache' },
  ]) {
    t.equal((await get('/', headers)).headers['cache-status'], 'property-listings; hit; ttl=50');
  }
});

t.test('only-if-cached is a hit, or a problem 504 that loads nothing', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  let loads = 0;
  app.get('/', { config: page }, async () => {
    loads += 1;
    return 'page';
  });
  const headers = { 'cache-control': 'only-if-cached' };
  const missed = await get('/', headers);
  t.equal(missed.statusCode, 504);
  t.match(missed.headers['content-type'], 'application/problem+json');
  t.match(missed.json(), { status: 504, code: 'PL_ONLY_IF_CACHED' });
  t.equal(loads, 0);
  await get('/');
  t.equal((await get('/', headers)).headers['cache-status'], HIT);
  t.equal(loads, 1);
});

t.test('an answer to Authorization is stored only if it says that it may be shared', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/:directive', { config: page }, async ({ params }, reply) =>
    reply.header('cache-control', Object(params).directive).send('page'),
  );
  for (const [directive, isStored] of SHARED) {
    const url = `/${directive}`;
    const first = await get(url, { authorization: 'Basic eA==' });
    t.equal(first.headers['cache-status'], isStored ? `${MISS}; stored` : MISS, directive);
    t.equal((await get(url)).headers['cache-status'], isStored ? HIT : `${MISS}; stored`, directive);
    t.equal((await get(url, { authorization: 'Basic eQ==' })).headers['cache-status'], HIT, directive);
  }
});

t.test('HEAD gets the fields of the stored page and no body, and what it loads is not stored', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async (_, reply) => reply.header('x-total', 3).send('page'));
  const head = () => app.inject({ method: 'HEAD', url: '/' });
  for (const _ of ['once', 'twice']) t.equal((await head()).headers['cache-status'], MISS);
  const { headers: whole } = await get('/');
  const { statusCode, headers, body } = await head();
  t.equal(statusCode, 200);
  t.equal(body, '');
  t.match(headers, {
    'cache-status': HIT,
    'content-length': '4',
    'content-type': whole['content-type'],
    etag: whole.etag,
    'x-total': '3',
    age: '0',
  });
});

t.test('what belongs to one connection is not kept, nor what Connection names', async (t) => {
  const { app, get } = await pageLayer(t, new WatchedStore());
  app.get('/', { config: page }, async (_, reply) =>
    reply
      .headers({ connection: 'X-Hop, close', 'x-hop': 'mine', 'keep-alive': 'timeout=1', 'x-end': 'kept' })
      .headers({ 'proxy-authenticate': 'Basic', 'proxy-connection': 'close', age: '7' })
      .send('page'),
  );
  await get('/');
  const { headers } = await get('/');
  t.equal(headers['cache-status'], HIT);
  t.equal(headers['x-end'], 'kept');
  t.equal(headers.age, '0');
  t.notMatch(headers.connection, /x-hop/i);
  for (const name of ['x-hop', 'proxy-authenticate', 'proxy-connection']) t.notOk(name in headers, name);
});
