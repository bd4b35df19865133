import { mock } from 'node:test';
import fc from 'fast-check';
import t from 'tap';
import { parseHttpDate, toHeaders } from '../../../src/http-cache/rules/headers.ts';

t.test('header fields as Node gives them', async (t) => {
  for (const [what, given, headers] of [
    ['a name is in lower case', { ETag: '"a"' }, { etag: '"a"' }],
    ['a number is written out', { age: 5 }, { age: '5' }],
    ['a repeated field is one list (RFC 9110 §5.3)', { vary: ['a', 'b'] }, { vary: 'a, b' }],
    ['a field without a value is none', { etag: undefined, age: 0 }, { age: '0' }],
    ['an empty value is a value', { accept: '' }, { accept: '' }],
  ] as const) {
    t.test(what, async (t) => t.strictSame(toHeaders(given), headers));
  }
});

/** The date of all the examples of RFC 9110 §5.6.7. */
const EXAMPLE = Date.UTC(1994, 10, 6, 8, 49, 37);

t.test('a date of HTTP (RFC 9110 §5.6.7)', async (t) => {
  for (const [form, field] of [
    ['the form of today', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['the form of asctime', 'Sun Nov  6 08:49:37 1994'],
    ['any letter case', 'sun, 06 NOV 1994 08:49:37 gmt'],
  ] as const) {
    t.test(`is read in ${form}`, async (t) => t.equal(parseHttpDate(field), EXAMPLE));
  }

  t.test('is read in the form of asctime with a day of two digits', async (t) => {
    t.equal(parseHttpDate('Wed Nov 16 08:49:37 1994'), Date.UTC(1994, 10, 16, 8, 49, 37));
  });

  for (const [now, written, year] of [
    [2026, '26', 2026],
    [2026, '27', 2027],
    [2026, '25', 2025],
    [2026, '00', 2000],
    [2026, '76', 2076],
    [2026, '77', 1977],
    [2026, '99', 1999],
    [1994, '94', 1994],
    [2049, '99', 2099],
    [2048, '99', 1999],
  ] as const) {
    t.test(`of the year ${written} in the form of RFC 850 is read in ${now} as ${year}`, async (t) => {
      mock.timers.enable({ apis: ['Date'], now: Date.UTC(now, 6) });
      t.teardown(() => mock.timers.reset());
      t.equal(parseHttpDate(`Sunday, 06-Nov-${written} 08:49:37 GMT`), Date.UTC(year, 10, 6, 8, 49, 37));
    });
  }

  for (const [what, field] of [
    ['no field', undefined],
    ['nothing', ''],
    ['a number', '0'],
    ['minus one', '-1'],
    ['a date of ISO 8601', '1994-11-06T08:49:37Z'],
    ['another zone', 'Sun, 06 Nov 1994 08:49:37 UTC'],
    ['an offset', 'Sun, 06 Nov 1994 08:49:37 +0000'],
    ['no zone', 'Sun, 06 Nov 1994 08:49:37'],
    ['no comma', 'Sun 06 Nov 1994 08:49:37 GMT'],
    ['two spaces', 'Sun, 06  Nov 1994 08:49:37 GMT'],
    ['dashes and four digits', 'Sun, 06-Nov-1994 08:49:37 GMT'],
    ['a year of two digits', 'Sun, 06 Nov 94 08:49:37 GMT'],
    ['an hour of one digit', 'Sun, 06 Nov 1994 8:49:37 GMT'],
    ['no seconds', 'Sun, 06 Nov 1994 08:49 GMT'],
    ['a month that is none', 'Sun, 06 Foo 1994 08:49:37 GMT'],
    ['something before it', 'x Sun, 06 Nov 1994 08:49:37 GMT'],
    ['something after it', 'Sun, 06 Nov 1994 08:49:37 GMT, x'],
    ['a day that the month does not have', 'Sun, 31 Feb 1994 08:49:37 GMT'],
    ['an hour that the day does not have', 'Sun, 06 Nov 1994 24:49:37 GMT'],
    ['a minute that the hour does not have', 'Sun, 06 Nov 1994 08:60:37 GMT'],
    ['a second that the minute does not have', 'Sun, 06 Nov 1994 08:49:61 GMT'],
    ['two dates', 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT'],
  ] as const) {
    t.test(`is not ${what}`, async (t) => t.equal(parseHttpDate(field), undefined));
  }

  t.test('is read back whole when it was written as this service writes it', async (t) => {
    const min = new Date('0100-01-01T00:00:00Z');
    fc.assert(
      fc.property(fc.date({ min, max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
        return parseHttpDate(date.toUTCString()) === Math.floor(date.getTime() / 1000) * 1000;
      }),
    );
    t.pass();
  });

  t.test('is a finite number or nothing, whatever is given', async (t) => {
    const near = fc
      .array(
        fc.constantFrom('Sun', 'Sunday', ', ', ' ', '06', '6', '-', 'Nov', '1994', '94', '08:49:37', 'GMT'),
      )
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (field) => {
        const date = parseHttpDate(field);
        return date === undefined || Number.isFinite(date);
      }),
    );
    t.pass();
  });
});
