import fc from 'fast-check';
import t from 'tap';
import { parseCacheControl, rulesFor } from '../../../src/http-cache/rules/cache-control.ts';
import {
  freshnessOf,
  isShareable,
  isStorable,
  type ReceivedResponse,
} from '../../../src/http-cache/rules/freshness.ts';
import type { Headers } from '../../../src/http-cache/rules/headers.ts';
import { STORED } from '../fixture.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** The date of HTTP so many seconds from when the response came. */
const date = (seconds: number) => new Date(STORED + seconds * 1000).toUTCString();

/** A response that took no time, with a validator, so that it can always be of use. */
const freshness = (headers: Headers, received: Partial<ReceivedResponse> = {}) => {
  const all: Headers = { etag: '"a"', ...headers };
  return freshnessOf({
    rules: rulesFor(all),
    status: 200,
    headers: all,
    sentAt: STORED,
    receivedAt: STORED,
    ...received,
  });
};

t.test('whether a response may be kept (RFC 9111 §3)', async (t) => {
  const isKept = (status: number, headers: Headers) =>
    isStorable(status, headers, parseCacheControl(headers['cache-control']));

  for (const [what, status, headers, kept] of [
    ['a 200 without a word may', 200, {}, true],
    ['a 404 may', 404, {}, true],
    ['a 302 may', 302, {}, true],
    ['a 500 may, if something makes it fresh', 500, {}, true],
    ['an unknown status may', 299, {}, true],
    ['a part of a page may not', 206, {}, false],
    ['a 304 may not', 304, {}, false],
    ['an interim response may not', 103, {}, false],
    ['no-store forbids it', 200, { 'cache-control': 'no-store' }, false],
    [
      'no-store forbids it whatever else is said',
      200,
      { 'cache-control': 'public, no-store, max-age=9' },
      false,
    ],
    ['no-store with an argument forbids it', 200, { 'cache-control': 'no-store="x"' }, false],
    ['private forbids a shared cache to', 200, { 'cache-control': 'private, max-age=9' }, false],
    ['private with field names forbids it too', 200, { 'cache-control': 'private="x-a"' }, false],
    ['no-cache does not forbid it', 200, { 'cache-control': 'no-cache' }, true],
    ['a directive in a string forbids nothing', 200, { 'cache-control': 'x="no-store, private"' }, true],
    [
      'with must-understand no-store means nothing (§5.2.2.3)',
      200,
      { 'cache-control': 'must-understand, no-store' },
      true,
    ],
    ['unless the status is not understood', 299, { 'cache-control': 'must-understand, no-store' }, false],
    [
      'must-understand does not overrule private',
      200,
      { 'cache-control': 'must-understand, private' },
      false,
    ],
    [
      'must-understand lets no other status be kept',
      299,
      { 'cache-control': 'must-understand, max-age=9' },
      false,
    ],
    ['Set-Cookie is for one client', 200, { 'set-cookie': 'a=b' }, false],
    ['Vary: * is for one request', 200, { vary: '*' }, false],
    ['so it is in a list', 200, { vary: 'accept , *' }, false],
    ['so it is first in a list', 200, { vary: '*,accept' }, false],
    ['a field whose name has a * is another', 200, { vary: 'x*, *x' }, true],
  ] as const) {
    t.test(what, async (t) => t.equal(isKept(status, headers), kept));
  }
});

t.test('whether a response to a request with Authorization is for others (RFC 9111 §3.5)', async (t) => {
  const authorization = 'Basic YTpi';
  for (const [field, headers, isForOthers] of [
    ['', {}, true],
    ['', { authorization }, false],
    ['max-age=9', { authorization }, false],
    ['public', { authorization }, true],
    ['s-maxage=9', { authorization }, true],
    ['must-revalidate', { authorization }, true],
    ['proxy-revalidate', { authorization }, false],
    ['no-cache', { authorization }, false],
    ['', { authorization: '' }, false],
  ] as const) {
    const asked = 'authorization' in headers ? `with "${headers.authorization}"` : 'without it';
    t.test(`${asked}, "${field}" ${isForOthers ? 'lets' : 'does not let'} others have it`, async (t) => {
      t.equal(isShareable(headers, parseCacheControl(field)), isForOthers);
    });
  }
});

t.test('for how many seconds a response is fresh (RFC 9111 §4.2)', async (t) => {
  for (const [what, headers, ttl] of [
    ['max-age says it', { 'cache-control': 'max-age=60' }, 60],
    ['s-maxage says it to a shared cache', { 'cache-control': 'max-age=60, s-maxage=30' }, 30],
    ['s-maxage comes first in any order', { 'cache-control': 's-maxage=90, max-age=60' }, 90],
    ['a max-age that is no number makes it stale', { 'cache-control': 'max-age=x', expires: date(60) }, 0],
    ['an s-maxage that is no number makes it stale', { 'cache-control': 'max-age=60, s-maxage=x' }, 0],
    ['a max-age of 0 makes it stale', { 'cache-control': 'max-age=0' }, 0],
    ['max-age overrules Expires', { 'cache-control': 'max-age=60', expires: date(-60) }, 60],
    ['Expires is counted from Date', { expires: date(50), date: date(-10) }, 50],
    ['without Date Expires is counted from when it came', { expires: date(50) }, 50],
    ['an Expires of the past makes it stale for that long', { expires: date(-50), date: date(0) }, -50],
    ['an Expires of 0 makes it stale (§5.3)', { expires: '0' }, 0],
    ['an Expires that is no date makes it stale', { expires: 'tomorrow' }, 0],
    ['an empty Expires makes it stale', { expires: '' }, 0],
    ['an Expires without a date is no guess', { expires: '0', 'last-modified': date(-DAY) }, 0],
    ['a tenth of the time since its last change is a guess', { 'last-modified': date(-1000) }, 100],
    ['the guess counts from Date', { 'last-modified': date(-1000), date: date(-10) }, 89],
    ['the guess is a day at most', { 'last-modified': date(-100 * DAY) }, DAY],
    ['a change to come makes a guess of nothing', { 'last-modified': date(1000) }, 0],
    ['a Last-Modified that is no date makes no guess', { 'last-modified': 'yesterday' }, 0],
    ['with no word on it only its validator is of use', {}, 0],
    ['no-cache leaves it no freshness (§5.2.2.4)', { 'cache-control': 'no-cache, max-age=60' }, 0],
    ['no-cache makes nothing younger', { 'cache-control': 'no-cache, max-age=60', age: '90' }, -30],
    ['Age is taken off', { 'cache-control': 'max-age=60', age: '20' }, 40],
    ['an Age beyond its lifetime makes it stale', { 'cache-control': 'max-age=60', age: '80' }, -20],
    ['the time since Date is taken off', { 'cache-control': 'max-age=60', date: date(-20) }, 40],
    ['a targeted field speaks alone (RFC 9213)', { 'cdn-cache-control': 'max-age=5', expires: date(50) }, 5],
    [
      'a targeted field without a lifetime leaves none',
      { 'cdn-cache-control': 'public', expires: date(50) },
      0,
    ],
  ] as const) {
    t.test(what, async (t) => t.equal((freshness(headers)?.ttl ?? Number.NaN) + 0, ttl));
  }

  t.test(
    'a guess is made for statuses that allow one (§4.2.2), and for others if they are public',
    async (t) => {
      const lastModified = { 'last-modified': date(-1000) };
      const isPublic = { ...lastModified, 'cache-control': 'public' };
      for (const status of [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]) {
        t.equal(freshness(lastModified, { status })?.ttl, 100, `${status}`);
      }
      for (const status of [201, 302, 303, 307, 400, 403, 500, 503]) {
        t.equal(freshness(lastModified, { status }), undefined, `${status}`);
        t.equal(freshness(isPublic, { status })?.ttl, 100, `${status}, public`);
      }
    },
  );

  t.test('an explicit lifetime counts for every status', async (t) => {
    for (const status of [201, 302, 307, 400, 500, 599]) {
      t.equal(freshness({ 'cache-control': 'max-age=60' }, { status })?.ttl, 60, `${status}`);
    }
  });
});

t.test('how old a response is when it comes (RFC 9111 §4.2.3)', async (t) => {
  const CAME = { sentAt: STORED - 4_000, receivedAt: STORED };
  for (const [what, headers, received, age] of [
    ['not at all without a word', {}, {}, 0],
    ['as Age says', { age: '20' }, {}, 20],
    ['spaces around Age mean nothing', { age: ' 20 ' }, {}, 20],
    ['as long as it was under way', {}, CAME, 4],
    ['its Age counts on while it is under way', { age: '20' }, CAME, 24],
    ['the time since Date, where that is more', { age: '20', date: date(-30) }, CAME, 30],
    ['Age and its way, where that is more', { age: '20', date: date(-22) }, CAME, 24],
    ['a Date to come makes it no younger', { date: date(50) }, {}, 0],
    ['a Date that is none is as if it had just been made', { date: 'x' }, {}, 0],
    ['of several Ages the first counts (§5.1)', { age: '20, 90' }, {}, 20],
    ['an Age too long for any type is 2^31 (§1.2.2)', { age: '9'.repeat(400) }, {}, 2_147_483_648],
    ['an Age that is no number is none', { age: 'x' }, {}, 0],
    ['an Age that is negative is none', { age: '-20' }, {}, 0],
    ['an Age with a fraction is none', { age: '20.5' }, {}, 0],
    ['an empty Age is none', { age: '' }, {}, 0],
  ] as const) {
    t.test(what, async (t) => {
      const found = freshness({ 'cache-control': 'max-age=60', ...headers }, received);
      t.match(found, { age, ttl: 60 - age });
    });
  }
});

t.test('what may be done with it when it has expired (RFC 5861)', async (t) => {
  for (const [what, field, expected] of [
    ['nothing without a word', 'max-age=9', { whileRevalidate: 0, ifError: 0, mustRevalidate: false }],
    ['stale-while-revalidate', 'max-age=9, stale-while-revalidate=30', { whileRevalidate: 30, ifError: 0 }],
    ['stale-if-error', 'max-age=9, stale-if-error=40', { whileRevalidate: 0, ifError: 40 }],
    ['a window that is no number is none', 'max-age=9, stale-if-error=x', { ifError: 0 }],
    ['must-revalidate', 'max-age=9, must-revalidate', { mustRevalidate: true }],
    ['proxy-revalidate', 'max-age=9, proxy-revalidate', { mustRevalidate: true }],
    ['s-maxage (RFC 9111 §5.2.2.10)', 's-maxage=9', { mustRevalidate: true }],
    ['no-cache', 'no-cache', { mustRevalidate: true }],
  ] as const) {
    t.test(what, async (t) => t.match(freshness({ 'cache-control': field }), expected));
  }
});

t.test('whether a response could ever be used', async (t) => {
  const NONE = { etag: undefined };
  for (const [what, headers, status, isOfUse] of [
    ['without a word or a validator it could not', NONE, 200, false],
    ['with an ETag it could be confirmed', {}, 200, true],
    ['with Last-Modified it could be confirmed', { ...NONE, 'last-modified': 'x' }, 200, true],
    ['a status that may not be kept without a word could not', {}, 302, false],
    ['fresh for a second it could', { ...NONE, 'cache-control': 'max-age=1' }, 200, true],
    ['fresh for none it could not', { ...NONE, 'cache-control': 'max-age=0' }, 200, false],
    ['stale with a validator it could be confirmed', { 'cache-control': 'max-age=0' }, 200, true],
    [
      'expired, it could while it is refreshed',
      { ...NONE, 'cache-control': 'max-age=0, stale-while-revalidate=1' },
      200,
      true,
    ],
    [
      'expired, it could when its origin fails',
      { ...NONE, 'cache-control': 'max-age=0, stale-if-error=1' },
      200,
      true,
    ],
    [
      'unless it must be confirmed',
      { ...NONE, 'cache-control': 'max-age=0, must-revalidate, stale-if-error=1' },
      200,
      false,
    ],
    [
      'too old for its windows it could not',
      { ...NONE, 'cache-control': 'max-age=1, stale-if-error=1', age: '3' },
      200,
      false,
    ],
    [
      'no-cache without a validator could not',
      { ...NONE, 'cache-control': 'no-cache, max-age=60' },
      200,
      false,
    ],
  ] as const) {
    t.test(what, async (t) => t.equal(freshness(headers, { status }) !== undefined, isOfUse));
  }
});

t.test('whatever its fields say, a response is never younger than it came or fresh for ever', async (t) => {
  const field = fc.oneof(
    fc.string(),
    fc.constantFrom(date(50), date(-50), '0', '60', '-1'),
    fc.nat(99).map((seconds) => `max-age=${seconds}`),
  );
  const names = ['cache-control', 'cdn-cache-control', 'expires', 'date', 'age', 'last-modified', 'etag'];
  const headers = fc.dictionary(fc.constantFrom(...names), field);
  fc.assert(
    fc.property(headers, fc.integer({ min: 200, max: 599 }), fc.nat(9_000), (given, status, way) => {
      const found = freshness(given, { status, sentAt: STORED - way });
      if (found === undefined) return true;
      const { ttl, age, whileRevalidate, ifError } = found;
      return age >= way / 1000 && ttl <= 2 ** 31 && whileRevalidate >= 0 && ifError >= 0;
    }),
  );
  t.pass();
});
