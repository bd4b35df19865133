import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { Gate } from '../../helpers/gate.ts';
import { forwarding } from './origin.ts';

const WHILE = { 'cache-control': 'max-age=60, stale-while-revalidate=30' };

/** How often a test asks for what is on its way. */
const TRIES = 2_000;

const IF_ERROR = { 'cache-control': 'max-age=60, stale-if-error=30', etag: '"a"' };

t.test('while it is revalidated, all get it stale at once, and one request reaches the origin', async (t) => {
  const { get, asked, answer, advance, wasAsked } = await forwarding(t, { headers: WHILE });
  await get();
  advance(70);
  const gate = new Gate();
  answer(async () => {
    await gate.pass();
    return { headers: WHILE };
  });
  for (let count = 0; count < 10; count += 1) {
    const { body, headers } = await get();
    t.equal(body, '1');
    t.equal(headers['cache-status'], 'property-listings; hit; ttl=-10');
    t.equal(headers.age, '70');
  }
  await wasAsked(2);
  gate.open();
  let latest = await get();
  for (let tries = 0; latest.body === '1' && tries < TRIES; tries += 1, await turn()) latest = await get();
  t.equal(latest.body, '2');
  t.equal(latest.headers['cache-status'], 'property-listings; hit; ttl=60');
  t.equal(asked.length, 2);
});

t.test('it is not served stale for longer than stale-while-revalidate says', async (t) => {
  const { get, asked, advance } = await forwarding(t, { headers: WHILE });
  await get();
  advance(91);
  t.equal((await get()).body, '2');
  t.equal(asked.length, 2);
});

t.test('a refresh that fails leaves it as it was', async (t) => {
  const { get, answer, advance, wasAsked } = await forwarding(t, { headers: WHILE });
  await get();
  advance(70);
  answer({ status: 500 });
  t.equal((await get()).body, '1');
  await wasAsked(2);
  t.equal((await get()).body, '1');
});

for (const status of [500, 502, 503, 504]) {
  t.test(
    `it is served stale when the origin answers ${status}, for as long as stale-if-error says`,
    async (t) => {
      const { get, answer, advance } = await forwarding(t, { headers: IF_ERROR });
      await get();
      answer({ status });
      advance(90);
      const { statusCode, headers, body } = await get();
      t.equal(statusCode, 200);
      t.equal(body, '1');
      t.equal(headers.age, '90');
      t.equal(
        headers['cache-status'],
        `property-listings; fwd=stale; fwd-status=${status}; detail=stale-if-error`,
      );
      advance(1);
      t.equal((await get()).statusCode, status);
    },
  );
}

t.test('what is no failure of the origin is not hidden', async (t) => {
  const { get, answer, advance } = await forwarding(t, { headers: IF_ERROR });
  for (const status of [404, 410, 501, 599]) {
    answer({ headers: IF_ERROR });
    const url = `/${status}`;
    await get({}, url);
    advance(61);
    answer({ status });
    t.equal((await get({}, url)).statusCode, status);
  }
});

t.test('without stale-if-error a 500 of the origin is sent, unless the client takes it stale', async (t) => {
  const { get, answer, advance } = await forwarding(t, {
    headers: { 'cache-control': 'max-age=60', etag: '"a"' },
  });
  await get();
  advance(70);
  answer({ status: 500 });
  t.equal((await get()).statusCode, 500);
  t.equal((await get({ 'cache-control': 'stale-if-error=10' })).statusCode, 200);
  t.equal((await get({ 'cache-control': 'stale-if-error=9' })).statusCode, 500);
});

t.test('when the origin is gone, what it allows is served stale, and a 502 otherwise', async (t) => {
  const { get, answer, advance, leave } = await forwarding(t);
  answer(({ url }) => ({ headers: { 'cache-control': `max-age=60, ${url.slice(1)}`, etag: '"a"' } }));
  for (const directive of ['public', 'must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache']) {
    await get({}, `/${directive}`);
  }
  await leave();
  advance(70);
  const { statusCode, body, headers } = await get({}, '/public');
  t.equal(statusCode, 200);
  t.equal(body, '1');
  t.match(headers['cache-status'], /fwd-status=502; detail=stale-if-error$/);
  for (const directive of ['must-revalidate', 'proxy-revalidate', 's-maxage=60', 'no-cache']) {
    t.equal((await get({}, `/${directive}`)).statusCode, 502, directive);
  }
  t.equal((await get({}, '/unknown')).statusCode, 502);
});

t.test('of a page with variants no other one is served when the origin fails', async (t) => {
  const { get, answer, advance } = await forwarding(t, ({ headers }) => ({
    headers: { ...IF_ERROR, vary: 'X-Mode' },
    body: String(headers['x-mode']),
  }));
  await get({ 'x-mode': 'a' });
  advance(61);
  answer({ status: 503 });
  t.equal((await get({ 'x-mode': 'a' })).body, 'a');
  t.equal((await get({ 'x-mode': 'b' })).statusCode, 503);
});
