import fc from 'fast-check';
import t from 'tap';
import { requestedRange } from '../../../src/http-cache/rules/range.ts';
import { page } from '../fixture.ts';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const LATER = 'Sun, 06 Nov 1994 08:50:37 GMT';
const UNSATISFIABLE = { first: 1, last: 0 };

const rangeOf = (range: string, bytes = 10) => requestedRange(page({ body: Buffer.alloc(bytes) }), { range });

t.test('the range that is asked for, of ten bytes (RFC 9110 §14.1.2)', async (t) => {
  for (const [what, range, wanted] of [
    ['the first byte', 'bytes=0-0', { first: 0, last: 0 }],
    ['some in the middle', 'bytes=2-4', { first: 2, last: 4 }],
    ['all of them', 'bytes=0-9', { first: 0, last: 9 }],
    ['the last byte', 'bytes=9-9', { first: 9, last: 9 }],
    ['from one on', 'bytes=7-', { first: 7, last: 9 }],
    ['more than there are ends with the last', 'bytes=7-99', { first: 7, last: 9 }],
    ['more than a number can hold ends with the last', `bytes=7-${'9'.repeat(400)}`, { first: 7, last: 9 }],
    ['the last three', 'bytes=-3', { first: 7, last: 9 }],
    ['the last ten are all', 'bytes=-10', { first: 0, last: 9 }],
    ['the last of more than there are are all', 'bytes=-11', { first: 0, last: 9 }],
    ['the last none cannot be had', 'bytes=-0', UNSATISFIABLE],
    ['what begins after the end cannot be had', 'bytes=10-', UNSATISFIABLE],
    ['what begins and ends after the end cannot be had', 'bytes=10-12', UNSATISFIABLE],
    ['what begins after any number cannot be had', `bytes=${'9'.repeat(400)}-`, UNSATISFIABLE],
    ['leading zeros change nothing', 'bytes=002-04', { first: 2, last: 4 }],
    ['spaces around it mean nothing', ' bytes=2-4 ', { first: 2, last: 4 }],
  ] as const) {
    t.test(what, async (t) => t.same(rangeOf(range), wanted));
  }

  for (const [what, range] of [
    ['that ends before it begins (§14.1.1)', 'bytes=4-2'],
    ['that ends before it begins, after the end of the page', 'bytes=14-12'],
    ['without a number', 'bytes=-'],
    ['in other units', 'items=0-4'],
    ['without units', '0-4'],
    ['of several parts, which may be ignored (§14.2)', 'bytes=0-1,4-5'],
    ['with a sign', 'bytes=+1-4'],
    ['with letters', 'bytes=a-b'],
    ['with something after it', 'bytes=0-4x'],
    ['with something before it', 'xbytes=0-4'],
    ['that is empty', ''],
  ] as const) {
    t.test(`a range ${what} is ignored`, async (t) => t.equal(rangeOf(range), undefined));
  }

  t.test('the last bytes of none are all of them', async (t) => t.equal(rangeOf('bytes=-5', 0), undefined));

  t.test('without the field it is the whole page', async (t) => {
    t.equal(requestedRange(page(), {}), undefined);
  });

  t.test('of no bytes nothing can be had', async (t) => {
    t.same(rangeOf('bytes=0-', 0), UNSATISFIABLE);
    t.same(rangeOf('bytes=0-0', 0), UNSATISFIABLE);
  });

  t.test('of any page and range it is the bytes that a byte by byte reading picks', async (t) => {
    const end = fc.option(fc.nat(30), { nil: undefined });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), end, end, (bytes, from, to) => {
        if (from === undefined && to === undefined) return;
        const picked = [...Array(bytes).keys()].filter((byte) =>
          from === undefined ? byte >= bytes - Number(to) : byte >= from && byte <= (to ?? Infinity),
        );
        const range = rangeOf(`bytes=${from ?? ''}-${to ?? ''}`, bytes);
        if (from !== undefined && to !== undefined && to < from) t.equal(range, undefined);
        else if (picked.length === 0) t.ok(range && range.first > range.last);
        else t.same(range, { first: picked.at(0), last: picked.at(-1) });
      }),
    );
  });

  t.test('whatever the field is, the range lies within the page or cannot be had', async (t) => {
    const pieces = fc.constantFrom('bytes', 'Bytes', '=', '-', ',', ' ', '0', '5', '99', 'x', '.');
    const field = fc.array(pieces).map((list) => list.join(''));
    const near = fc.oneof(
      field,
      field.map((text) => `bytes=${text}`),
      fc.string(),
    );
    fc.assert(
      fc.property(near, fc.nat(20), (range, bytes) => {
        const wanted = rangeOf(range, bytes);
        if (wanted === undefined || wanted.first > wanted.last) return true;
        return wanted.first >= 0 && wanted.last < bytes && Number.isInteger(wanted.first + wanted.last);
      }),
    );
    t.pass();
  });
});

t.test('a range with If-Range (RFC 9110 §13.1.5)', async (t) => {
  const STRONG = { etag: '"a"', 'last-modified': DATE, date: LATER };
  for (const [what, headers, ifRange, isPart] of [
    ['the tag of the page gives the part', STRONG, '"a"', true],
    ['another tag gives the whole page', STRONG, '"b"', false],
    ['a tag in other letter case gives the whole page', STRONG, '"A"', false],
    ['the weak form of its tag gives the whole page', STRONG, 'W/"a"', false],
    ['a weak tag of the page gives the whole page', { etag: 'W/"a"' }, 'W/"a"', false],
    ['the strong form of a weak tag gives the whole page', { etag: 'W/"a"' }, '"a"', false],
    ['several tags give the whole page', STRONG, '"a", "b"', false],
    ['a tag of a page that has none gives the whole page', {}, '"a"', false],
    ['the date of its last change gives the part', STRONG, DATE, true],
    ['the same date in another form gives the part', STRONG, 'Sunday, 06-Nov-94 08:49:37 GMT', true],
    ['a date of the very second it was sent in is weak (§8.8.2.2)', { ...STRONG, date: DATE }, DATE, false],
    ['a date is weak if it is not known when the page was sent', { 'last-modified': DATE }, DATE, false],
    ['a later date gives the whole page', STRONG, LATER, false],
    ['an earlier date gives the whole page', STRONG, 'Sun, 06 Nov 1994 08:49:36 GMT', false],
    ['a date of a page that has none gives the whole page', { etag: '"a"' }, DATE, false],
    ['what is neither tag nor date gives the whole page', STRONG, 'a', false],
    ['what is neither gives the whole page of one without a date, too', { etag: '"a"' }, 'a', false],
    ['an empty field gives the whole page', STRONG, '', false],
  ] as const) {
    t.test(what, async (t) => {
      const range = requestedRange(page({ headers }), { range: 'bytes=0-1', 'if-range': ifRange });
      t.same(range, isPart ? { first: 0, last: 1 } : undefined);
    });
  }

  t.test('without a range it asks for none', async (t) => {
    t.equal(requestedRange(page({ headers: STRONG }), { 'if-range': '"a"' }), undefined);
  });
});
