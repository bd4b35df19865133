import t from 'tap';
import { storeKinds } from '../../helpers/stores.ts';
import { type Answer, forwarding } from './origin.ts';

/** Seconds for which a response with these fields is fresh, when it comes the moment it was made. */
const LIFETIMES: readonly (readonly [
  what: string,
  lifetime: number,
  headers: (date: Dates) => Answer['headers'],
])[] = [
  ['max-age', 60, () => ({ 'cache-control': 'max-age=60' })],
  ['a quoted max-age', 60, () => ({ 'cache-control': 'max-age="60"' })],
  ['MAX-AGE in capitals', 60, () => ({ 'cache-control': 'Public, MAX-AGE=60' })],
  ['s-maxage over max-age', 60, () => ({ 'cache-control': 'max-age=9, s-maxage=60' })],
  ['max-age over Expires', 60, (date) => ({ 'cache-control': 'max-age=60', expires: date(9) })],
  ['the first of two max-age', 60, () => ({ 'cache-control': 'max-age=60, max-age=9' })],
  ['Expires', 60, (date) => ({ expires: date(60) })],
  ['Expires in the form of RFC 850', 60, () => ({ expires: 'Thursday, 15-Jan-26 12:01:00 GMT' })],
  ['Expires in the form of asctime', 60, () => ({ expires: 'Thu Jan 15 12:01:00 2026' })],
  ['Expires less Date, whatever the clock says', 60, (date) => ({ expires: date(160), date: date(100) })],
  ['max-age less Age', 60, () => ({ 'cache-control': 'max-age=100', age: '40' })],
  ['max-age less the time since Date', 60, (date) => ({ 'cache-control': 'max-age=100', date: date(-40) })],
  [
    'the larger of Age and the time since Date',
    60,
    (date) => ({ 'cache-control': 'max-age=100', age: '40', date: date(-9) }),
  ],
  ['max-age with a Date in the future', 60, (date) => ({ 'cache-control': 'max-age=60', date: date(999) })],
  ['a tenth of the time since Last-Modified', 60, (date) => ({ 'last-modified': date(-600) })],
  ['a day at most since Last-Modified', 86_400, (date) => ({ 'last-modified': date(-9_999_999) })],
  [
    'CDN-Cache-Control over all else',
    60,
    (date) => ({ 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store', expires: date(-9) }),
  ],
  [
    'a CDN-Cache-Control that is no dictionary is ignored',
    60,
    () => ({ 'cdn-cache-control': 'max-age=9, &', 'cache-control': 'max-age=60' }),
  ],
  [
    'a max-age larger than any number',
    2_147_483_648,
    () => ({ 'cache-control': 'max-age=99999999999999999999' }),
  ],
];

type Dates = (seconds: number) => string;

for (const [what, lifetime, headers] of LIFETIMES) {
  t.test(`freshness is counted by ${what}`, async (t) => {
    const { get, asked, advance, date, answer } = await forwarding(t);
    answer({ headers: headers(date) ?? {} });
    const first = await get();
    t.match(first.headers['cache-status'], /fwd=uri-miss/);
    advance(lifetime - 1);
    const hit = await get();
    t.equal(hit.headers['cache-status'], 'property-listings; hit; ttl=1');
    t.equal(hit.body, '1');
    t.equal(asked.length, 1);
    advance(2);
    t.equal((await get()).body, '2', 'it is fresh no longer');
    t.equal(asked.length, 2);
  });
}

t.test('Age counts on from that of the response, and a hit says when it was made', async (t) => {
  const { get, advance, date, answer } = await forwarding(t);
  const made = date(-10);
  answer({ headers: { 'cache-control': 'max-age=100', age: '30', date: made } });
  const first = await get();
  t.equal(first.headers.age, '30');
  advance(5);
  const { headers } = await get();
  t.equal(headers.age, '35');
  t.equal(headers.date, made);
});

t.test('the time that the origin took counts as age', async (t) => {
  const { get, advance, answer } = await forwarding(t);
  answer(() => {
    advance(7);
    return { headers: { 'cache-control': 'max-age=100', age: '30' } };
  });
  await get();
  t.equal((await get()).headers.age, '37');
});

for (const [what, headers] of Object.entries<Answer['headers'] & object>({
  nothing: {},
  'max-age=0': { 'cache-control': 'max-age=0' },
  'a max-age that is no number': { 'cache-control': 'max-age=soon' },
  'a max-age below zero': { 'cache-control': 'max-age=-1' },
  'an Expires that is no date': { expires: '0' },
  'an s-maxage of zero with a max-age': { 'cache-control': 'max-age=60, s-maxage=0' },
  'an Age beyond its max-age': { 'cache-control': 'max-age=60', age: '61' },
  private: { 'cache-control': 'max-age=60, private' },
  'private for a field': { 'cache-control': 'max-age=60, private="x-mine"' },
  'no-store': { 'cache-control': 'max-age=60, No-Store' },
  'no-store and must-understand in a status that it does not know': {
    'cache-control': 'max-age=60, no-store, must-understand',
    'x-status': '599',
  },
  'no-cache and no validator': { 'cache-control': 'max-age=60, no-cache' },
  'no-store in CDN-Cache-Control': { 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=60' },
  'Set-Cookie': { 'cache-control': 'max-age=60', 'set-cookie': ['a=1', 'b=2'] },
  'Vary: *': { 'cache-control': 'max-age=60', vary: 'accept, *' },
})) {
  t.test(`a response with ${what} answers no other request`, async (t) => {
    const { 'x-status': status = 200, ...fields } = headers;
    const { get, asked } = await forwarding(t, { status: Number(status), headers: fields });
    await get();
    const second = await get();
    t.equal(asked.length, 2);
    t.notOk('if-none-match' in (asked[1]?.headers ?? {}));
    t.notMatch(second.headers['cache-status'], /hit|stored/);
  });
}

t.test('a response without a word on freshness, not even a date, is confirmed each time', async (t) => {
  const { get, asked, advance, answer } = await forwarding(t, { headers: { etag: '"a"' } });
  await get();
  advance(1);
  answer({ status: 304, headers: { etag: '"a"' } });
  t.equal((await get()).body, '1');
  t.equal(asked[1]?.headers['if-none-match'], '"a"');
});

t.test('no-store is no matter with must-understand in a status that is understood', async (t) => {
  const { get, asked } = await forwarding(t, {
    headers: { 'cache-control': 'max-age=60, no-store, must-understand' },
  });
  await get();
  t.match((await get()).headers['cache-status'], /; hit;/);
  t.equal(asked.length, 1);
});

for (const { name, skip, open } of storeKinds) {
  t.test(`statuses, in ${name}`, { skip }, async (t) => {
    const { get, asked, answer } = await forwarding(t, {}, await open(t));
    const isKept = async (status: number, headers: Answer['headers'] & object) => {
      const url = `/${status}/${asked.length}`;
      const before = asked.length;
      answer({ status, headers });
      const first = await get({}, url);
      const second = await get({}, url);
      t.equal(first.statusCode, status);
      t.equal(second.statusCode, status);
      const isHit = asked.length === before + 1;
      t.match(second.headers['cache-status'], isHit ? /; hit;/ : /fwd=/);
      if (isHit) t.equal(second.body, first.body);
      return isHit;
    };

    t.test('every final one that says for how long it is fresh is kept, but for 206 and 304', async (t) => {
      const final = [200, 201, 202, 203, 204, 205, 207, 226, 299, 300, 301, 302, 303, 307, 308, 399];
      const errors = [400, 401, 403, 404, 405, 410, 414, 429, 451, 499, 500, 501, 502, 503, 504, 599];
      for (const status of [...final, ...errors]) {
        t.ok(await isKept(status, { 'cache-control': 'max-age=60' }), String(status));
      }
      t.notOk(
        await isKept(206, { 'cache-control': 'max-age=60', 'content-range': 'bytes 0-0/9' }),
        'a part is not kept',
      );
    });

    t.test('some are kept by their last change alone, the others not', async (t) => {
      const headers = { 'last-modified': 'Thu, 01 Jan 2026 12:00:00 GMT' };
      for (const status of [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]) {
        t.ok(await isKept(status, headers), String(status));
      }
      for (const status of [201, 302, 303, 307, 400, 403, 500, 503, 599]) {
        t.notOk(await isKept(status, headers), String(status));
      }
      t.ok(await isKept(599, { ...headers, 'cache-control': 'public' }), 'public allows it for all');
    });
  });
}
