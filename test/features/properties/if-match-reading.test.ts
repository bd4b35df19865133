import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { add, build, LISTING, settled, write } from '../../helpers/app.ts';

const app = await build(t);
const { id } = await add(app);
const MANY = Array.from({ length: 40 }, () => LISTING);
await settled(app, () => write(app, 'POST', '/properties/bulk/', MANY));
const PAGES = ['/properties/', `/properties/${id}/`, '/properties/count/', '/properties/?limit=2'];

const get = (url: string, headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
  app.inject({ method, url, headers });

t.test('GET with an If-Match that names another version is 412: a miss, and a hit', async (t) => {
  for (const url of PAGES) {
    for (const cache of [/fwd=uri-miss; stored/, /hit/]) {
      const response = await get(url, { 'if-match': '"other"' });
      t.match(response.json(), { status: 412, code: 'PL_PRECONDITION_FAILED' }, url);
      t.equal(response.headers['content-type'], 'application/problem+json');
      t.equal(response.headers['cache-control'], 'no-store');
      t.match(response.headers['cache-status'], cache);
      t.equal(response.headers.etag, undefined, 'which is of the page');
    }
  }
});

t.test('* and the very tag are answered; a weak one, and what is no tag, are not', async (t) => {
  for (const url of PAGES) {
    const etag = String((await get(url, {})).headers.etag);
    for (const [ifMatch, status] of [
      ['*', 200],
      [etag, 200],
      [`"other", ${etag}`, 200],
      [`W/${etag}`, 412],
      [etag.replaceAll('"', ''), 412],
      ['', 412],
    ] as const) {
      t.equal((await get(url, { 'if-match': ifMatch })).statusCode, status, `${url} ${ifMatch}`);
    }
  }
});

t.test('HEAD is answered as GET would be, without a body', async (t) => {
  const response = await get('/properties/', { 'if-match': '"other"' }, 'HEAD');
  t.equal(response.statusCode, 412);
  t.equal(response.body, '');
  t.equal((await get('/properties/', { 'if-match': '*' }, 'HEAD')).statusCode, 200);
});

t.test('If-Match comes before If-None-Match and Range', async (t) => {
  const etag = String((await get('/properties/', {})).headers.etag);
  for (const others of [{ 'if-none-match': etag }, { range: 'bytes=0-3' }, { range: 'bytes=99999999-' }]) {
    t.equal((await get('/properties/', { 'if-match': '"other"', ...others })).statusCode, 412);
  }
  t.equal((await get('/properties/', { 'if-match': etag, 'if-none-match': etag })).statusCode, 304);
  t.equal((await get('/properties/', { 'if-match': etag, range: 'bytes=0-3' })).statusCode, 206);
});

t.test(
  'the tag of a coding stands for the content, but not where a part of the bytes is asked for',
  async (t) => {
    const { etag } = (await get('/properties/', {})).headers;
    const coded = String(etag).replace(/"$/, '-br"');
    t.equal((await get('/properties/', { 'if-match': coded })).statusCode, 200);
    t.equal((await get('/properties/', { 'if-match': coded, range: 'bytes=0-3' })).statusCode, 412);
    t.equal((await get('/properties/', { 'if-match': `W/${coded}` })).statusCode, 412);
  },
);

t.test('what has no version is none that If-Match names; what is no page has no conditions', async (t) => {
  for (const url of ['/health/live', '/openapi.json', '/metrics']) {
    t.equal((await get(url, { 'if-match': '"x"' })).statusCode, 412, url);
    t.equal((await get(url, { 'if-match': '*' })).statusCode, 200, url);
  }
  for (const url of ['/nowhere', '/properties/999/']) {
    t.equal((await get(url, { 'if-match': '"x"' })).statusCode, 404, url);
  }
  t.equal((await get('/properties/?colour=red', { 'if-match': '"x"' })).statusCode, 400);
});

t.test('a page that is answered before the router is not, where If-Match is to be looked at', async (t) => {
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const ask = async (headers: Record<string, string>) => {
    const asked = request({ port, host: '127.0.0.1', path: `/properties/${id}/`, headers }).end();
    const [response]: IncomingMessage[] = await once(asked, 'response');
    await text(response as IncomingMessage);
    return response?.statusCode;
  };
  for (const _ of [1, 2, 3]) t.equal(await ask({}), 200);
  t.equal(await ask({ 'If-Match': '"other"' }), 412);
  t.equal(await ask({ 'If-Match': '*' }), 200);
});

t.test('a list that is streamed has no tag, and its rows are not read on', async (t) => {
  const description = 'x'.repeat(400_000);
  const rows = Array.from({ length: 25 }, () => ({ ...LISTING, description }));
  await settled(app, () => write(app, 'POST', '/properties/bulk/', rows));
  for (const method of ['GET', 'HEAD'] as const) {
    t.equal((await get('/properties/?sort=-id', { 'if-match': '"x"' }, method)).statusCode, 412);
  }
  const whole = await get('/properties/?sort=-id', { 'if-match': '*' });
  t.match(whole.headers['cache-status'], /detail=too-large/);
  t.equal(whole.json().properties.length, 66);
});
