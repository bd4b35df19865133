import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { filterParameters } from '../../../../src/features/properties/lists/list-query.ts';
import {
  listParameters,
  parseFilters,
  parseListQuery,
} from '../../../../src/features/properties/lists/parameters.ts';
import { aQuestion, type Plain, spellingsOf } from './spellings.ts';

/** A query as Fastify parses it. */
function parsed(query: string): Record<string, string | string[]> {
  const search = new URLSearchParams(query);
  const entries = [...new Set(search.keys())].map((name): [string, string | string[]] => {
    const [first = '', ...more] = search.getAll(name);
    return [name, more.length === 0 ? first : [first, ...more]];
  });
  return Object.fromEntries(entries);
}

function canonical(query: string): string {
  const found = parseListQuery(parsed(query));
  assert.ok('value' in found, `${query}: ${JSON.stringify(found)}`);
  return String(listParameters(found.value));
}

/** A list query so that two are equal only if they ask the same. */
function plain({ location, q, sort, ...rest }: Plain): string {
  const usual = q ? 'relevance' : 'id';
  return JSON.stringify([
    location && [...location].sort(),
    q && [...q].sort(),
    sort === usual ? undefined : sort,
    rest.limit,
    rest.min_price,
    rest.max_price,
    rest.created_after,
    rest.created_before,
  ]);
}

t.test('however a list query is spelled, it is the same', async () => {
  fc.assert(
    fc.property(
      aQuestion.chain((listQuery) => fc.tuple(spellingsOf(listQuery), spellingsOf(listQuery))),
      ([one, other]) => {
        assert.equal(canonical(one), canonical(other));
        assert.equal(canonical(canonical(one)), canonical(one), 'its own form is its own');
      },
    ),
    { numRuns: 1_000 },
  );
});

t.test('two questions are the same only if they ask the same', async () => {
  const spelled = aQuestion.chain((listQuery) => fc.tuple(fc.constant(listQuery), spellingsOf(listQuery)));
  fc.assert(
    fc.property(spelled, spelled, ([one, first], [other, second]) => {
      assert.equal(canonical(first) === canonical(second), plain(one) === plain(other));
    }),
    { numRuns: 1_000 },
  );
});

t.test('what is taken is taken again in its own form, of any text', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const odd = fc.oneof(text, fc.constantFrom('İ'.repeat(100), 'ΟΔΟΣ ΟΔΟΣ', 'ς', 'ﬁ ẞ', 'i̇', 'ǅ'));
  fc.assert(
    fc.property(odd, odd, (location, q) => {
      const first = parseListQuery({ location, q });
      if ('errors' in first) return;
      const own = listParameters(first.value);
      assert.equal(canonical(String(own)), String(own));
    }),
    { numRuns: 2_000 },
  );
});

t.test('a price is the same in every form, and no other', async (t) => {
  for (const price of ['1200', '1200.0', '1200.00', '01200', '00001200']) {
    t.equal(canonical(`min_price=${price}`), 'min_price=1200.00', price);
  }
  t.equal(canonical('max_price=99999999.99'), 'max_price=99999999.99');
  t.equal(canonical('max_price=0'), 'max_price=0.00');
});

t.test('a moment is the same in every form', async (t) => {
  const expected = `created_after=${encodeURIComponent('2025-08-31T00:00:00.000Z')}`;
  for (const moment of [
    '2025-08-31',
    '2025-08-31T00:00Z',
    '2025-08-31T00:00:00Z',
    '2025-08-31T00:00:00.0Z',
    '2025-08-31T00:00:00.000-00:00',
    '2025-08-31T02:00+02:00',
    '2025-08-30T18:30:00-05:30',
    '2025-08-30T24:00:00Z',
  ]) {
    t.equal(canonical(String(new URLSearchParams({ created_after: moment }))), expected, moment);
  }
  t.match(canonical('created_after=0001-01-01'), /0001-01-01T00/);
  t.match(canonical('created_after=9999-12-31T23:59:59.999Z'), /9999-12-31T23%3A59%3A59\.999Z/);
  for (const leap of ['0004-02-29', '0400-02-29', '2000-02-29', '2024-02-29'])
    t.match(canonical(`created_after=${leap}`), leap);
});

t.test('filters have one form for lists and counts', async (t) => {
  const query = { location: ['B', 'a', 'b'], q: 'Flat  flat a', min_price: '1' };
  const found = parseFilters(query);
  t.ok('value' in found);
  t.equal(
    'value' in found && String(filterParameters(found.value)),
    'location=a&location=b&min_price=1.00&q=a+flat',
  );
  t.equal(parseFilters(query), found, 'a query is parsed once');
});

t.test('ten locations and ten words, however often they are repeated', async (t) => {
  const ten = Array.from({ length: 10 }, (_, i) => `Place ${i}`);
  const again = [...ten, ...ten.map((place) => place.toUpperCase())];
  t.ok('value' in parseListQuery({ location: again, q: 'a b c d e f g h i j A B C' }));
  t.match(parseListQuery({ location: [...again, 'one more'] }), { errors: [{ parameter: 'location' }] });
  t.match(parseListQuery({ q: 'a b c d e f g h i j k' }), { errors: [{ parameter: 'q' }] });
});
