import fc from 'fast-check';
import t from 'tap';
import { isText, trimmed } from '../../../src/features/properties/text.ts';

/** Blanks, fillers, joiners, marks of direction, selectors of variants, tags, and signs that stand for nothing. */
const INVISIBLE =
  '\t\n\v\f\r \u0001\u001f\u007f\u0085\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u180b\u180e\u2000\u200a\u200b\u200c\u200d\u200e\u200f' +
  '\u2028\u2029\u202e\u202f\u205f\u2060\u2066\u2800\u3000\u3164\ufe0f\ufeff\uffa0\ufffb\u{13441}\u{16fe4}\u{1d159}\u{1d173}\u{e0020}\u{e0100}';

const namesOf = (text: string) => [...text].map((one) => `U+${one.codePointAt(0)?.toString(16)}`).join(' ');

t.test('text of which nothing can be seen is none', async (t) => {
  for (const text of ['', ...INVISIBLE, INVISIBLE]) t.notOk(isText(trimmed(text)), namesOf(text));
});

t.test('text of which anything can be seen is text', async (t) => {
  for (const text of ['.', 'é', 'ア', '❤️', '👨‍👩‍👧', '\u0301', '⠓', '한', `${INVISIBLE}.${INVISIBLE}`])
    t.ok(isText(text));
});

t.test('what cannot be kept is none: a NUL, half a character', async (t) => {
  for (const text of ['a\0b', '\0', 'a\ud83d', '\ude00a']) t.notOk(isText(text));
});

t.test('the blanks around a text are taken away, and nothing else', async (t) => {
  for (const blank of [
    '\t',
    '\r\n',
    '\u0085',
    '\u00a0',
    '\u200b',
    '\u2028',
    '\u2060',
    '\u2800',
    '\u3000',
    '\u3164',
    '\ufeff',
  ])
    t.equal(trimmed(`${blank} a ${blank} b${blank} `), `a ${blank} b`);
  for (const text of ['❤️', '\u200fשלום!\u200f', 'می‌', '\0a\0', '\u0001']) t.equal(trimmed(` ${text} `), text);
});

t.test('what was trimmed stays as it is', async (t) => {
  const character = fc.oneof(fc.constantFrom(...INVISIBLE), fc.string({ unit: 'binary', maxLength: 1 }));
  const holds = fc.property(fc.string({ unit: character }), (text) => {
    const kept = trimmed(text);
    return trimmed(kept) === kept && text.includes(kept);
  });
  t.doesNotThrow(() => fc.assert(holds));
});
