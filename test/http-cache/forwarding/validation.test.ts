import t from 'tap';
import { Gate } from '../../helpers/gate.ts';
import { storeKinds } from '../../helpers/stores.ts';
import { forwarding } from './origin.ts';

const MODIFIED = 'Thu, 01 Jan 2026 12:00:00 GMT';
const LATER = 'Thu, 01 Jan 2026 12:00:01 GMT';

for (const { name, skip, open } of storeKinds) {
  t.test(`a stored response that its origin confirms, in ${name}`, { skip }, async (t) => {
    t.test('with no-cache is confirmed each time, by its ETag and its date', async (t) => {
      const headers = { 'cache-control': 'max-age=60, no-cache', etag: '"a"', 'last-modified': MODIFIED };
      const { get, asked, answer } = await forwarding(t, { headers }, await open(t));
      await get();
      answer({ status: 304, headers });
      for (const request of [2, 3]) {
        const { statusCode, headers, body } = await get();
        t.equal(statusCode, 200);
        t.equal(body, '1');
        t.equal(headers['cache-status'], 'property-listings; fwd=stale; fwd-status=304; stored');
        t.equal(asked.length, request);
        t.match(asked.at(-1)?.headers, { 'if-none-match': '"a"', 'if-modified-since': MODIFIED });
      }
    });

    t.test('has the fields of the 304 from then on, and is fresh again', async (t) => {
      const { get, asked, advance, answer } = await forwarding(
        t,
        { headers: { 'cache-control': 'max-age=60', etag: '"a"', 'x-old': 'kept', 'x-new': 'old' } },
        await open(t),
      );
      await get();
      advance(61);
      answer({ status: 304, headers: { 'cache-control': 'max-age=90', etag: '"a"', 'x-new': 'new' } });
      const confirmed = await get();
      advance(89);
      const hit = await get();
      t.equal(hit.headers['cache-status'], 'property-listings; hit; ttl=1');
      t.equal(hit.headers.age, '89');
      for (const { body, headers } of [confirmed, hit]) {
        t.equal(body, '1');
        t.match(headers, { 'cache-control': 'max-age=90', 'x-old': 'kept', 'x-new': 'new' });
      }
      t.equal(asked.length, 2);
    });
  });
}

t.test('a response with a date alone is confirmed by it', async (t) => {
  const headers = { 'cache-control': 'max-age=60', 'last-modified': MODIFIED };
  const { get, asked, advance, answer } = await forwarding(t, { headers });
  await get();
  advance(61);
  answer({ status: 304, headers });
  t.equal((await get()).body, '1');
  t.equal(asked[1]?.headers['if-modified-since'], MODIFIED);
  t.notOk('if-none-match' in (asked[1]?.headers ?? {}), 'the tag that was made here is not known there');
});

t.test('a response that its origin has changed takes the place of the old one', async (t) => {
  const { get, asked, advance, answer } = await forwarding(t, {
    headers: { 'cache-control': 'max-age=60', etag: '"a"' },
  });
  await get();
  advance(61);
  answer({ headers: { 'cache-control': 'max-age=60', etag: '"b"' } });
  t.equal((await get()).body, '2');
  const hit = await get();
  t.equal(hit.body, '2');
  t.equal(hit.headers.etag, '"b"');
  t.equal(asked.length, 2);
});

t.test("the client's conditions are met by what the origin confirms, not sent on", async (t) => {
  const headers = { 'cache-control': 'max-age=60', etag: '"a"', 'last-modified': MODIFIED };
  const { get, asked, advance, answer } = await forwarding(t, { headers });
  await get();
  for (const [own, status] of [
    [{ 'if-none-match': '"a"' }, 304],
    [{ 'if-none-match': '"b"' }, 200],
    [{ 'if-modified-since': LATER }, 304],
    [{ range: 'bytes=0-0' }, 206],
  ] as const) {
    advance(61);
    answer({ status: 304, headers });
    const { statusCode } = await get({ ...own });
    t.equal(statusCode, status, JSON.stringify(own));
    t.match(asked.at(-1)?.headers, { 'if-none-match': '"a"', 'if-modified-since': MODIFIED });
    t.notOk('range' in (asked.at(-1)?.headers ?? {}));
  }
});

t.test('the whole response is fetched and stored, whatever of it the first client asks for', async (t) => {
  const headers = { 'cache-control': 'max-age=60', etag: '"a"' };
  for (const own of [{ 'if-none-match': '"a"' }, { range: 'bytes=0-0' }, { 'if-modified-since': LATER }]) {
    const { get, asked } = await forwarding(t, { headers, body: 'whole' });
    await get({ ...own });
    for (const name of ['if-none-match', 'if-modified-since', 'range', 'if-range']) {
      t.notOk(name in (asked[0]?.headers ?? {}), `${name} is not sent on`);
    }
    const second = await get();
    t.equal(second.body, 'whole');
    t.match(second.headers['cache-status'], /; hit;/);
    t.equal(asked.length, 1);
  }
});

t.test('the condition of a client whose request is not stored goes to the origin', async (t) => {
  const { get, asked } = await forwarding(t, { status: 304, headers: { etag: '"a"' } });
  const { statusCode } = await get({ 'cache-control': 'no-store', 'if-none-match': '"a"' });
  t.equal(statusCode, 304);
  t.equal(asked[0]?.headers['if-none-match'], '"a"');
});

t.test('of many who ask for an expired response one has it confirmed for all', async (t) => {
  const headers = { 'cache-control': 'max-age=60', etag: '"a"' };
  const { get, asked, advance, answer } = await forwarding(t, { headers });
  await get();
  advance(61);
  const gate = new Gate();
  answer(async () => {
    await gate.pass();
    return { status: 304, headers };
  });
  const leader = get();
  await gate.reached;
  const others = Array.from({ length: 20 }, () => get());
  setImmediate(() => gate.open());
  for (const { body } of await Promise.all([leader, ...others])) t.equal(body, '1');
  t.equal(asked.length, 2);
});
