import fc from 'fast-check';
import t from 'tap';
import {
  ageOf,
  type Page,
  pageOf,
  toValue,
  toVaryMarker,
  ttlOf,
  varyMarkerOf,
} from '../../../src/http-cache/pages/page.ts';
import { isSelectedBy, selectionOf } from '../../../src/http-cache/rules/vary.ts';
import { after, decidesItself, entry, page, STORED, TTL } from '../fixture.ts';

const inEntry = (value: ReturnType<typeof toValue>) => ({ value, tokens: {}, storedAt: STORED, ttl: TTL });

t.test('a page as an entry', async (t) => {
  const whole: Page = {
    status: 404,
    headers: { etag: '"a"', vary: 'accept', 'content-type': 'text/plain' },
    body: Buffer.from([0, 255, 10]),
    freshness: { age: 1.5, whileRevalidate: 2, ifError: 3, mustRevalidate: true },
    selectedBy: { accept: 'text/plain' },
    ownEtag: true,
    hasEncodedVariants: false,
  };

  t.test('is the same page when it is read back', async (t) => {
    t.strictSame(pageOf(inEntry(toValue(whole))), whole);
  });

  t.test('holds its fields as they are, to be read without being parsed', async (t) => {
    t.match(toValue(whole).head, whole.headers);
  });

  t.test('holds strings only, with one name that is no field', async (t) => {
    const { head } = toValue(whole);
    t.ok(Object.values(head).every((value) => typeof value === 'string'));
    t.equal(Object.keys(head).filter((name) => name.startsWith(':')).length, 1);
  });

  t.test('without a field that has no value has none', async (t) => {
    t.notOk('etag' in toValue(page({ headers: { etag: undefined } })).head);
  });

  t.test('that a request had no such field is read back', async (t) => {
    const { selectedBy } = pageOf(entry({ selectedBy: selectionOf(['accept'], {}) }));
    t.equal(isSelectedBy(selectedBy, { accept: 'text/plain' }), false);
  });

  t.test('is no vary marker', async (t) => t.equal(varyMarkerOf(entry()), undefined));

  t.test("of another program, under this cache's key, is never sent", async (t) => {
    for (const head of [
      {},
      { etag: '"a"' },
      { ':page': '{' },
      { ':page': '' },
      { ':page': 'null' },
      { ':page': '{}' },
    ]) {
      const { selectedBy } = pageOf(inEntry({ head, body: Buffer.alloc(0) }));
      t.equal(isSelectedBy(selectedBy, { accept: 'a', ':': 'a' }), false);
      t.equal(isSelectedBy(selectedBy, {}), false);
    }
  });

  t.test('is read once for one entry, and anew for another', async (t) => {
    const one = entry();
    t.equal(pageOf(one), pageOf(one));
    t.not(pageOf(one), pageOf({ ...one }));
  });

  t.test('whatever its fields and bytes are, they are read back', async (t) => {
    const headers = fc.dictionary(fc.stringMatching(/^[a-z-]{1,9}$/), fc.string());
    fc.assert(
      fc.property(headers, fc.uint8Array(), fc.integer({ min: 200, max: 599 }), (fields, bytes, status) => {
        const made = page({ headers: fields, body: Buffer.from(bytes), status });
        t.same(pageOf(inEntry(toValue(made))), made);
      }),
    );
  });
});

t.test('a vary marker says which fields select the page, and has no body', async (t) => {
  const value = toVaryMarker(['accept', 'x-a']);
  t.same(varyMarkerOf(inEntry(value)), ['accept', 'x-a']);
  t.equal(value.body.byteLength, 0);
});

t.test('the age of a page (RFC 9111 §4.2.3)', async (t) => {
  for (const [what, age, seconds, expected] of [
    ['is none when it was just made', 0, 0, 0],
    ['counts whole seconds that have passed', 0, 9.999, 9],
    ['begins with what it was when it came', 20, 5, 25],
    ['adds parts of seconds before it leaves them out', 0.6, 0.6, 1],
    ['goes on when it has expired', 0, TTL + 5, TTL + 5],
    ['is not negative when the clock was set back', 0, -30, 0],
    ['is not less than when it came, whatever the clock does', 20, -30, 20],
  ] as const) {
    t.test(what, async (t) => t.equal(ageOf(entry(decidesItself({ age })), after(seconds)), expected));
  }

  t.test('is that in this cache where its route decides', async (t) => {
    t.equal(ageOf(entry(), after(5)), 5);
  });
});

t.test('how long a page is still fresh', async (t) => {
  for (const [what, seconds, expected] of [
    ['its ttl when it is new', 0, TTL],
    ['a second that has begun counts', 0.001, TTL],
    ['whole seconds count down', 1, TTL - 1],
    ['below 0 when it has expired', TTL + 3, -3],
    ['never more than its ttl', -30, TTL],
  ] as const) {
    t.test(what, async (t) => t.equal(ttlOf(entry(), after(seconds)), expected));
  }

  t.test('what it was when it came does not count: its ttl is what was left', async (t) => {
    t.equal(ttlOf(entry(decidesItself({ age: 20 })), after(5)), TTL - 5);
  });
});
