import fc from 'fast-check';
import t from 'tap';
import { codedEtag, etagOf, isMatched, knownEtag } from '../../../src/http-cache/rules/etag.ts';

/** An opaque tag as RFC 9110 §8.8.3 has it: commas and backslashes are ordinary in it. */
const etag = fc
  .tuple(fc.constantFrom('', 'W/'), fc.stringMatching(/^[!#-~\x80-\xff]{0,12}$/))
  .map(([weak, opaque]) => `${weak}"${opaque}"`);

t.test('the tag of bytes', async (t) => {
  t.test('is strong, and one opaque tag (RFC 9110 §8.8.3)', async (t) => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => /^"[!#-~]{20,}"$/.test(etagOf(Buffer.from(bytes)))));
    t.pass();
  });

  t.test('is the same for the same bytes, and another for others', async (t) => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const [a, b] = [Buffer.from(one), Buffer.from(other)];
        return (etagOf(a) === etagOf(b)) === a.equals(b);
      }),
    );
    t.equal(etagOf(Buffer.from('same')), etagOf(Buffer.from('same')));
    t.not(etagOf(Buffer.from('same')), etagOf(Buffer.from('Same')));
  });
});

t.test('the tag of another coding', async (t) => {
  t.test('of a strong one is another strong one (RFC 9110 §8.8.3.3)', async (t) => {
    t.equal(codedEtag('"a"', 'gzip'), '"a-gzip"');
    t.equal(codedEtag('"a"', 'br'), '"a-br"');
  });

  t.test('of a weak one is the same: weakly they are equal', async (t) => {
    t.equal(codedEtag('W/"a"', 'gzip'), 'W/"a"');
  });
});

t.test('If-None-Match (RFC 9110 §13.1.2)', async (t) => {
  for (const [what, field, tag, known] of [
    ['without the field nothing is known', undefined, '"a"', undefined],
    ['an empty field knows nothing', '', '"a"', undefined],
    ['* knows whatever there is', '*', '"a"', '"a"'],
    ['* may stand between spaces', ' * ', '"a"', '"a"'],
    ['* in a list is no tag', '"b", *', '"a"', undefined],
    ['"*" is an ordinary tag', '"*"', '"a"', undefined],
    ['the same tag is known', '"a"', '"a"', '"a"'],
    ['another tag is not', '"b"', '"a"', undefined],
    ['a tag that contains it is another', '"aa", "ba"', '"a"', undefined],
    ['letter case makes another tag', '"A"', '"a"', undefined],
    ['one of a list is known', '"x", "a", "y"', '"a"', '"a"'],
    ['a list needs no spaces', '"x","a"', '"a"', '"a"'],
    ['empty members of a list mean nothing', ', "x",,"a" ,', '"a"', '"a"'],
    ['a weak tag knows the strong one', 'W/"a"', '"a"', '"a"'],
    ['a strong tag knows the weak one', '"a"', 'W/"a"', 'W/"a"'],
    ['a weak tag knows the weak one', 'W/"a"', 'W/"a"', 'W/"a"'],
    ['a comma within a tag separates none', '"a,b"', '"a,b"', '"a,b"'],
    ['a part of a tag with a comma is not known', '"a,b"', '"b"', undefined],
    ['a backslash in a tag is an ordinary character', '"a\\"', '"a\\"', '"a\\"'],
    ['the empty tag is a tag', '""', '""', '""'],
    ['the empty tag is no other', '""', '"a"', undefined],
    ['a tag without quotes is none', 'a', '"a"', undefined],
    ['W/ in lower case does not hide the tag', 'w/"a"', '"a"', '"a"'],
  ] as const) {
    t.test(what, async (t) => t.equal(knownEtag(field, tag, false), known));
  }

  t.test('a tag of another coding is known if it was made here, and is the one that is sent', async (t) => {
    for (const [field, tag, known] of [
      ['"a-gzip"', '"a"', '"a-gzip"'],
      ['W/"a-gzip"', '"a"', '"a-gzip"'],
      ['"a"', '"a-br"', '"a"'],
      ['"a-gzip"', '"a-br"', '"a-gzip"'],
      ['"x", "a-br", "a-gzip"', '"a"', '"a-br"'],
      ['"a-gzip", "a"', '"a"', '"a"'],
      ['"b-gzip"', '"a"', undefined],
      ['"a-gzip-br"', '"a"', undefined],
      ['"a-zstd"', '"a"', undefined],
      ['"-gzip"', '"a"', undefined],
    ] as const) {
      t.equal(knownEtag(field, tag, true), known, `${field} of ${tag}`);
    }
  });

  t.test('a tag of the origin that only looks like that of another coding is another', async (t) => {
    t.equal(knownEtag('"a-gzip"', '"a"', false), undefined);
    t.equal(knownEtag('"a"', '"a-gzip"', false), undefined);
  });

  t.test('of any list of tags those are known that a plain reading finds', async (t) => {
    const opaque = (tag: string) => tag.replace(/^W\//, '');
    const separator = fc.constantFrom(',', ', ', ' ,\t', ',,');
    fc.assert(
      fc.property(fc.array(etag), etag, separator, (list, tag, by) => {
        const known = list.some((one) => opaque(one) === opaque(tag));
        return (
          knownEtag(list.join(by), tag, false) === (known ? tag : undefined) &&
          knownEtag([...list, tag].join(by), tag, false) === tag
        );
      }),
    );
    t.pass();
  });

  t.test('whatever the field is, what is known is a tag that it or the page has', async (t) => {
    const pieces = fc.constantFrom('"', 'W/', ',', ' ', 'a', '*', '-gzip', '-br', '\\');
    fc.assert(
      fc.property(fc.array(pieces), fc.boolean(), (list, isOwn) => {
        const field = list.join('');
        const known = knownEtag(field, '"a"', isOwn);
        return known === undefined || known === '"a"' || (isOwn && field.includes(known));
      }),
    );
    t.pass();
  });
});

t.test('If-Match compares strongly, and with the very tag unless any coding will do', async (t) => {
  for (const [ifMatch, tag, anyCoding, expected] of [
    ['*', undefined, false, true],
    [' * ', '"a"', false, true],
    ['"a"', '"a"', false, true],
    ['"b" , "a"', '"a"', false, true],
    ['"b"', '"a"', false, false],
    ['"a"', undefined, false, false],
    ['W/"a"', '"a"', false, false],
    ['W/"a"', 'W/"a"', false, false],
    ['"a"', 'W/"a"', true, false],
    ['"a-br"', '"a"', false, false],
    ['"a-br"', '"a"', true, true],
    ['"a"', '"a-gzip"', true, true],
    ['W/"a-br"', '"a"', true, false],
    ['a', '"a"', true, false],
  ] as const) {
    t.equal(isMatched(ifMatch, tag, anyCoding), expected, `${ifMatch} ${tag} ${anyCoding}`);
  }
});
