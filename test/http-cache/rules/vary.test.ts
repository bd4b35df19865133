import fc from 'fast-check';
import t from 'tap';
import type { Headers } from '../../../src/http-cache/rules/headers.ts';
import {
  isSelectedBy,
  selectingFields,
  selectionOf,
  variantKey,
} from '../../../src/http-cache/rules/vary.ts';

t.test('the fields that select a response (RFC 9110 §12.5.5)', async (t) => {
  for (const [what, vary, names] of [
    ['without Vary there are none', undefined, undefined],
    ['an empty Vary names none', '', undefined],
    ['only commas name none', ' , ,', undefined],
    ['one is in lower case', 'Accept-Language', ['accept-language']],
    ['their order means nothing', 'b, a', ['a', 'b']],
    ['twice is once', 'A, b, a', ['a', 'b']],
  ] as const) {
    t.test(what, async (t) => t.same(selectingFields({ vary }), names));
  }
});

/** Whether the response to the first request answers the second, in these fields. */
const answers = (names: readonly string[], first: Headers, second: Headers) =>
  isSelectedBy(selectionOf(names, first), second);

t.test('whether the response to one request answers another (RFC 9111 §4.1)', async (t) => {
  for (const [what, name, first, second, isSame] of [
    ['the same value does', 'x-a', 'one', 'one', true],
    ['another value does not', 'x-a', 'one', 'two', false],
    ['a value does not answer none', 'x-a', 'one', undefined, false],
    ['none does not answer a value', 'x-a', undefined, 'one', false],
    ['none answers none', 'x-a', undefined, undefined, true],
    ['an empty value is not none', 'x-a', '', undefined, false],
    ['spaces around a value mean nothing', 'x-a', ' one ', 'one', true],
    ['spaces around commas mean nothing', 'accept', 'a , b', 'a,b', true],
    ['order in a list makes another value', 'accept', 'a, b', 'b, a', false],
    ['letter case makes another value', 'x-a', 'One', 'one', false],
    ['also in Accept, whose parameters may know it', 'accept', 'Text/HTML', 'text/html', false],
    ['but not in Accept-Charset', 'accept-charset', 'UTF-8', 'utf-8', true],
    ['nor in Accept-Encoding', 'accept-encoding', 'GZIP', 'gzip', true],
    ['nor in Accept-Language', 'accept-language', 'EN-gb', 'en-GB', true],
    ['it does in Cookie', 'cookie', 'a=B', 'a=b', false],
  ] as const) {
    t.test(what, async (t) => {
      t.equal(answers([name], { [name]: first }, { [name]: second }), isSame);
    });
  }

  t.test('without fields that select it, it answers all', async (t) => {
    t.equal(isSelectedBy(undefined, { accept: 'anything' }), true);
  });

  t.test('that a field was not there is known after the selection was kept', async (t) => {
    const kept = JSON.parse(JSON.stringify(selectionOf(['a', 'b'], { b: '1' })));
    t.equal(isSelectedBy(kept, { b: '1' }), true);
    t.equal(isSelectedBy(kept, { b: '1', a: '1' }), false);
  });

  t.test('a field with a name that every object knows is a field', async (t) => {
    for (const name of ['constructor', '__proto__']) {
      t.equal(answers([name], {}, {}), true);
      t.equal(answers([name], {}, JSON.parse(`{"${name}":"a"}`)), false);
    }
  });

  t.test('many spaces are read in a moment', async (t) => {
    const value = `a${' '.repeat(4_000_000)}b`;
    t.ok(selectionOf(['a'], { a: value }).a === value, 'or it would take hours');
  });

  t.test('of several fields each must be the same', async (t) => {
    const said = { a: '1', b: '2', c: '3' };
    t.equal(answers(['a', 'b'], said, { ...said, c: 'other' }), true);
    t.equal(answers(['a', 'b'], said, { ...said, a: 'other' }), false);
    t.equal(answers(['a', 'b'], said, { ...said, b: 'other' }), false);
  });

  t.test('of any two requests it answers those that say the same in its fields', async (t) => {
    const names = ['a', 'b', 'c'];
    const request = fc.dictionary(fc.constantFrom(...names, 'd'), fc.constantFrom('', 'x', 'y'));
    fc.assert(
      fc.property(fc.subarray(names), request, request, (by, first, second) => {
        return answers(by, first, second) === by.every((name) => first[name] === second[name]);
      }),
    );
    t.pass();
  });
});

t.test('the key of a variant', async (t) => {
  t.test('is the same for the same selection, in any order of its fields', async (t) => {
    t.equal(variantKey('/k', { a: '1', b: '2' }), variantKey('/k', { b: '2', a: '1' }));
    t.equal(variantKey('/k', selectionOf(['a'], {})), variantKey('/k', selectionOf(['a'], { b: '1' })));
  });

  t.test('is another for another page', async (t) => {
    t.not(variantKey('/k', { a: '1' }), variantKey('/l', { a: '1' }));
  });

  t.test('is no key of a page itself: those begin with /', async (t) => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, value) => {
        const variant = variantKey(`/${key}`, { a: value });
        return !variant.startsWith('/') && variant.endsWith(`/${key}`);
      }),
    );
    t.pass();
  });

  t.test('is one of 256, whatever clients send', async (t) => {
    const keys = Array.from({ length: 10_000 }, (_, index) => variantKey('/k', { a: String(index) }));
    t.equal(new Set(keys).size, 256);
  });

  t.test('is seldom shared by a few variants', async (t) => {
    const keys = ['de', 'en', 'es', 'fr', 'it', 'pt'].map((value) => variantKey('/k', { language: value }));
    t.ok(new Set(keys).size >= 5);
  });
});
