import t from 'tap';
import { forwarding } from './origin.ts';

const LATER = 'Thu, 01 Jan 2026 12:00:01 GMT';

/** What a request says of a response that is 40 seconds old and fresh for 20 more, and whether it gets it. */
const OF_FRESH: readonly (readonly [headers: Record<string, string>, isTaken: boolean])[] = [
  [{}, true],
  [{ 'cache-control': 'max-age=40' }, true],
  [{ 'cache-control': 'max-age=39' }, false],
  [{ 'cache-control': 'max-age=0' }, false],
  [{ 'cache-control': 'MAX-AGE="39"' }, false],
  [{ 'cache-control': 'min-fresh=20' }, true],
  [{ 'cache-control': 'min-fresh=21' }, false],
  [{ 'cache-control': 'max-age=39, max-stale=99' }, false],
  [{ 'cache-control': 'no-cache' }, false],
  [{ pragma: 'no-cache' }, false],
  [{ pragma: 'no-cache', 'cache-control': 'max-age=99' }, true],
  [{ pragma: 'other' }, true],
  [{ 'cache-control': 'only-if-cached' }, true],
  [{ 'cache-control': 'no-store' }, true],
  [{ authorization: 'Basic eA==' }, true],
  [{ 'cache-control': 'unknown=1' }, true],
];

for (const [headers, isTaken] of OF_FRESH) {
  t.test(`${JSON.stringify(headers)} ${isTaken ? 'takes' : 'refuses'} a fresh response`, async (t) => {
    const { get, advance } = await forwarding(t, { headers: { 'cache-control': 'max-age=60' } });
    await get();
    advance(40);
    const { headers: got, body } = await get(headers);
    t.equal(body, isTaken ? '1' : '2');
    t.match(got['cache-status'], isTaken ? 'property-listings; hit; ttl=20' : /fwd=request/);
  });
}

/** The same of one that expired ten seconds ago. */
const OF_STALE: readonly (readonly [headers: Record<string, string>, isTaken: boolean])[] = [
  [{}, false],
  [{ 'cache-control': 'max-stale' }, true],
  [{ 'cache-control': 'max-stale=10' }, true],
  [{ 'cache-control': 'max-stale=9' }, false],
  [{ 'cache-control': 'max-stale=rubbish' }, false],
  [{ 'cache-control': 'max-stale, no-cache' }, false],
  [{ 'cache-control': 'max-stale, max-age=69' }, false],
  [{ 'cache-control': 'max-stale, max-age=70' }, true],
];

for (const [headers, isTaken] of OF_STALE) {
  t.test(`${JSON.stringify(headers)} ${isTaken ? 'takes' : 'refuses'} an expired response`, async (t) => {
    const ofOrigin = { 'cache-control': 'max-age=60', etag: '"a"' };
    const { get, advance } = await forwarding(t, { headers: ofOrigin });
    await get();
    advance(70);
    const { headers: got, body } = await get(headers);
    t.equal(body, isTaken ? '1' : '2');
    if (isTaken) t.equal(got['cache-status'], 'property-listings; hit; ttl=-10');
  });
}

for (const directive of ['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache']) {
  t.test(`${directive} forbids to serve it expired, whatever the client takes`, async (t) => {
    const { get, advance } = await forwarding(t, {
      headers: { 'cache-control': `max-age=60, ${directive}`, etag: '"a"' },
    });
    await get();
    advance(61);
    t.equal((await get({ 'cache-control': 'max-stale' })).body, '2');
  });
}

t.test('the answer to a request that refused the stored one takes its place', async (t) => {
  const { get, asked } = await forwarding(t, { headers: { 'cache-control': 'max-age=60' } });
  await get();
  await get({ 'cache-control': 'no-cache' });
  t.equal((await get()).body, '2');
  t.equal(asked.length, 2);
});

t.test('the answer to a request with no-store is not stored', async (t) => {
  const { get } = await forwarding(t, { headers: { 'cache-control': 'max-age=60' } });
  t.notMatch((await get({ 'cache-control': 'no-store' })).headers['cache-status'], /stored/);
  t.equal((await get()).body, '2');
});

t.test('only-if-cached is 504 where nothing is stored, and the origin is not asked', async (t) => {
  const { get, asked } = await forwarding(t);
  t.equal((await get({ 'cache-control': 'only-if-cached' })).statusCode, 504);
  t.equal(asked.length, 0);
});

t.test('the answer to Authorization is stored only if it says that it may be shared', async (t) => {
  for (const [directive, isStored] of [
    ['public', true],
    ['s-maxage=60', true],
    ['must-revalidate', true],
    ['proxy-revalidate', false],
    ['immutable', false],
  ] as const) {
    const { get } = await forwarding(t, { headers: { 'cache-control': `max-age=60, ${directive}` } });
    await get({ authorization: 'Basic eA==' });
    t.equal((await get()).body, isStored ? '1' : '2', directive);
  }
});

t.test('conditions are met by what is stored, and the origin is not asked', async (t) => {
  const { get, asked } = await forwarding(t, {
    headers: { 'cache-control': 'max-age=60', etag: '"a"', 'last-modified': 'Thu, 01 Jan 2026 12:00:00 GMT' },
    body: 'whole',
  });
  await get();
  t.equal((await get({ 'if-none-match': 'W/"a"' })).statusCode, 304);
  t.equal((await get({ 'if-none-match': '"b"' })).statusCode, 200);
  t.equal((await get({ 'if-modified-since': LATER })).statusCode, 304);
  t.equal((await get({ range: 'bytes=1-2' })).body, 'ho');
  t.equal(asked.length, 1);
});

t.test('each variant is stored by itself, and is confirmed by its own tag', async (t) => {
  const { get, asked, advance, answer } = await forwarding(t, ({ headers }) => ({
    headers: {
      'cache-control': 'max-age=60',
      vary: 'Accept-Language',
      etag: `"${headers['accept-language']}"`,
    },
    body: String(headers['accept-language']),
  }));
  for (const _ of ['miss', 'hit']) {
    for (const language of ['en', 'fr']) t.equal((await get({ 'accept-language': language })).body, language);
  }
  t.equal(asked.length, 2);
  advance(61);
  answer({ status: 304 });
  t.equal((await get({ 'accept-language': 'fr' })).body, 'fr');
  t.equal(asked.at(-1)?.headers['if-none-match'], '"fr"');
});

t.test('HEAD is answered from what GET stored', async (t) => {
  const { get, ask, asked } = await forwarding(t, {
    headers: { 'cache-control': 'max-age=60' },
    body: 'whole',
  });
  await ask('HEAD');
  t.equal(asked.length, 1);
  await get();
  const { headers, body } = await ask('HEAD');
  t.equal(body, '');
  t.match(headers, { 'cache-status': /; hit;/, 'content-length': '5' });
  t.equal(asked.length, 2);
});

t.test('an unsafe method that succeeds invalidates what is stored for its URL, and no other', async (t) => {
  const { get, ask, answer } = await forwarding(t);
  for (const method of ['POST', 'PUT', 'DELETE'] as const) {
    for (const [status, isStored] of [
      [200, false],
      [204, false],
      [303, false],
      [404, true],
      [500, true],
    ] as const) {
      answer({ headers: { 'cache-control': 'max-age=60' } });
      const kept = (await get()).body;
      const other = (await get({}, '/other')).body;
      answer({ status });
      t.equal((await ask(method)).statusCode, status);
      answer({ headers: { 'cache-control': 'max-age=60' } });
      t.equal((await get()).body === kept, isStored, `${method} with ${status}`);
      t.equal((await get({}, '/other')).body, other);
    }
  }
});

t.test('what the origin says of one connection is not kept', async (t) => {
  const { get } = await forwarding(t, {
    headers: { 'cache-control': 'max-age=60', connection: 'X-Hop', 'x-hop': 'mine', 'x-end': 'kept' },
  });
  await get();
  const { headers } = await get();
  t.equal(headers['x-end'], 'kept');
  t.notOk('x-hop' in headers);
});
