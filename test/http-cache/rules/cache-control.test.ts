import fc from 'fast-check';
import t from 'tap';
import { parseCacheControl, rulesFor, secondsOf } from '../../../src/http-cache/rules/cache-control.ts';

const parsed = (field: string | undefined) => Object.fromEntries(parseCacheControl(field));

t.test('the directives of Cache-Control (RFC 9111 §5.2)', async (t) => {
  for (const [what, field, directives] of [
    ['no field has none', undefined, {}],
    ['an empty field has none', '', {}],
    ['a directive without an argument is empty', 'no-store', { 'no-store': '' }],
    ['names are read in any letter case', 'No-Store, MAX-AGE=5', { 'no-store': '', 'max-age': '5' }],
    ['spaces around commas mean nothing', ' public ,\tmax-age=5 ', { public: '', 'max-age': '5' }],
    ['empty members of the list mean nothing (RFC 9110 §5.6.1)', ',, public,,', { public: '' }],
    ['an argument may be quoted', 'max-age="5"', { 'max-age': '5' }],
    [
      'a comma within quotes ends no directive',
      'private="a, no-store", public',
      { private: 'a, no-store', public: '' },
    ],
    ['an escaped quote ends no string', 'x="a\\", no-store", public', { x: 'a\\", no-store', public: '' }],
    ['an extension is no other directive', 'x-no-store, no-storex=1', { 'x-no-store': '', 'no-storex': '1' }],
    ['of a directive given twice the first counts (§4.2.1)', 'max-age=1, max-age=2', { 'max-age': '1' }],
    ['also if the second is in another letter case', 'max-age=1, Max-Age=2', { 'max-age': '1' }],
    [
      'after a quote that is never closed the rest is still read',
      'x="a, no-store',
      { x: '', 'no-store': '' },
    ],
    ['what stands after an argument is no directive', 'max-age=5 no-store', { 'max-age': '5' }],
    ['a space before the = leaves no argument', 'max-age =5', { 'max-age': '' }],
    ['a space after the = leaves an empty argument', 'max-age= 5', { 'max-age': '' }],
  ] as const) {
    t.test(what, async (t) => t.same(parsed(field), directives));
  }

  t.test('whatever the field is, it is read without an error, into names in lower case', async (t) => {
    const pieces = fc.constantFrom(',', '=', '"', '\\', ';', ' ', 'a', 'B', 'max-age', '1', '\0', 'é');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((list) => list.join('')),
        ),
        (field) => {
          for (const [name, argument] of parseCacheControl(field)) {
            if (name === '' || name !== name.toLowerCase() || /[\s,;="]/.test(name)) return false;
            if (!field.includes(argument)) return false;
          }
          return parseCacheControl(field).size <= field.split(',').length;
        },
      ),
    );
    t.pass();
  });

  t.test('what is written as the grammar has it is read as it was meant', async (t) => {
    const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);
    const quoted = fc.stringMatching(/^[ !#-[\]-~]{0,12}$/);
    const argument = fc.oneof(
      fc.constant(['', '']),
      token.map((value) => [value, `=${value}`]),
      quoted.map((value) => [value, `="${value}"`]),
    );
    fc.assert(
      fc.property(fc.dictionary(token, argument), (wanted) => {
        const field = Object.entries(wanted)
          .map(([name, [, written]]) => name + written)
          .join(', ');
        t.same(
          parsed(field),
          Object.fromEntries(Object.entries(wanted).map(([name, [value]]) => [name, value])),
          field,
        );
      }),
    );
  });
});

t.test('the seconds that a directive names (RFC 9111 §1.2.2)', async (t) => {
  for (const [what, field, seconds] of [
    ['without the directive there are none', 'public', undefined],
    ['a number counts', 'max-age=60', 60],
    ['a quoted number counts', 'max-age="60"', 60],
    ['leading zeros change nothing', 'max-age=0060', 60],
    ['2^31 is the most there is', 'max-age=2147483649', 2_147_483_648],
    ['a number too long for any type is 2^31', `max-age=${'9'.repeat(400)}`, 2_147_483_648],
    ['no argument counts as stale (§4.2.1)', 'max-age', 0],
    ['an empty argument counts as stale', 'max-age=', 0],
    ['a word counts as stale', 'max-age=soon', 0],
    ['a fraction counts as stale', 'max-age=1.5', 0],
    ['a negative number counts as stale', 'max-age=-60', 0],
    ['a signed number counts as stale', 'max-age=+60', 0],
    ['an exponent counts as stale', 'max-age=1e3', 0],
    ['hexadecimal counts as stale', 'max-age=0x10', 0],
    ['a number in single quotes counts as stale', "max-age='60'", 0],
    ['of two numbers the first counts', 'max-age=1, max-age=60', 1],
  ] as const) {
    t.test(what, async (t) => t.equal(secondsOf(parseCacheControl(field), 'max-age'), seconds));
  }
});

t.test('the field that speaks to a shared cache (RFC 9213)', async (t) => {
  const maxAge = (targeted: string) => {
    const { directives } = rulesFor({ 'cdn-cache-control': targeted, 'cache-control': 'max-age=1' });
    return secondsOf(directives, 'max-age');
  };

  t.test('without a targeted field Cache-Control and Expires count', async (t) => {
    const rules = rulesFor({ 'cache-control': 'max-age=1', expires: '0' });
    t.equal(secondsOf(rules.directives, 'max-age'), 1);
    t.equal(rules.expires, '0');
  });

  t.test('with one neither Cache-Control nor Expires counts (§2.2)', async (t) => {
    const rules = rulesFor({
      'cdn-cache-control': 'max-age=60',
      'cache-control': 'no-store, max-age=1',
      expires: '0',
    });
    t.same(Object.fromEntries(rules.directives), { 'max-age': '60' });
    t.equal(rules.expires, undefined);
  });

  for (const [what, targeted] of [
    ['alone', 'max-age=60'],
    ['among others', 'public, max-age=60,must-revalidate'],
    ['between spaces', '  max-age=60 , public  '],
    ['beside an extension with a string', 'x="y", max-age=60'],
    ['beside an extension with a boolean', 'x=?1, max-age=60'],
    ['beside an extension with a token', 'x=*y/z, max-age=60'],
    ['beside one with a parameter', 'x;y=1, max-age=60'],
    ['with a parameter, which means nothing', 'max-age=60;x=1'],
    ['given twice: the last counts (RFC 8941 §3.2)', 'max-age=9, max-age=60'],
    ['behind a string with a comma', 'private="a, b", max-age=60'],
    ['behind a string with an escaped quote', 'x="a\\"", max-age=60'],
    ['behind a string that looks like another', 'x="max-age=\\"", max-age=60'],
    ['beside a directive with a decimal', 'x=1.5, max-age=60'],
  ] as const) {
    t.test(`a dictionary counts: max-age ${what}`, async (t) => t.equal(maxAge(targeted), 60));
  }

  for (const [what, targeted] of [
    ['it is empty', ''],
    ['it is spaces', '   '],
    ['a member is missing', 'max-age=60, , public'],
    ['its last comma is followed by nothing (RFC 8941 §4.2.2)', 'max-age=60,'],
    ['a key has upper case (RFC 8941 §3.1.2)', 'Max-Age=60'],
    ['a space stands before the =', 'max-age =60'],
    ['a space stands after the =', 'max-age= 60'],
    ['a value is missing', 'max-age='],
    ['a string is not closed', 'max-age=60, x="y'],
    ['a boolean is neither', 'max-age=60, x=?2'],
    ['members are separated by something else', 'max-age=60 public'],
    ['a number is none', 'max-age=60, x=1-2'],
    ['s-maxage is a string', 'max-age=60, s-maxage="60"'],
    ['max-age is a string', 'max-age="60"'],
  ] as const) {
    t.test(`it is ignored if ${what} (§2.1)`, async (t) => t.equal(maxAge(targeted), 1));
  }

  t.test('it is ignored with Expires left to count', async (t) => {
    t.equal(rulesFor({ 'cdn-cache-control': 'Max-Age=60', expires: '0' }).expires, '0');
  });

  t.test('whatever it is, it is read without an error, or Cache-Control is', async (t) => {
    const pieces = fc.constantFrom('a', 'max-age', '=', '"', '\\', ';', ',', ' ', '1', '?1', '(', ':', '-');
    fc.assert(
      fc.property(fc.array(pieces), (list) => {
        const { directives } = rulesFor({ 'cdn-cache-control': list.join(''), 'cache-control': 'x-other' });
        return (
          directives.has('x-other') || [...directives.keys()].every((name) => list.join('').includes(name))
        );
      }),
    );
    t.pass();
  });
});
