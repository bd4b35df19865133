import t from 'tap';
import { joinNames } from '../../src/platform/tag-names.ts';

t.test('names of a tag are joined, each once and three at most', async (t) => {
  const first = new Map([['a', ['1']]]);
  t.same(joinNames(first, new Map([['a', ['1', '2']]])), new Map([['a', ['1', '2']]]));
  t.same(joinNames(first, new Map([['a', ['2', '3', '4']]])), new Map([['a', ['1', '2', '3']]]));
  t.same(first, new Map([['a', ['1']]]), 'and what was joined is left as it was');
});

t.test('twenty tags have names, and more names of these are still taken', async (t) => {
  const twenty = new Map(Array.from({ length: 20 }, (_, tag) => [`${tag}`, ['1']]));
  const joined = joinNames(
    twenty,
    new Map([
      ['20', ['1']],
      ['3', ['2']],
    ]),
  );
  t.equal(joined.size, 20);
  t.same(joined.get('3'), ['1', '2']);
});
