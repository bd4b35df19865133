import t from 'tap';
import { Type } from 'typebox';
import { guardOf, parserOf } from '../../src/platform/json.ts';

const Message = Type.Object({
  id: Type.String(),
  tags: Type.Union([Type.Literal('*'), Type.Array(Type.String())]),
  note: Type.Optional(Type.Unknown()),
});

const WRONG: readonly unknown[] = [
  null,
  5,
  'text',
  [],
  {},
  { id: 1, tags: '*' },
  { id: 'a', tags: ['b', 1] },
];

t.test('a guard lets through what has the shape of its schema, and nothing else', async (t) => {
  const isMessage = guardOf(Message);
  for (const right of [
    { id: 'a', tags: '*' },
    { id: 'a', tags: ['b'], note: 5, more: true },
  ])
    t.ok(isMessage(right), JSON.stringify(right));
  for (const wrong of [undefined, ...WRONG]) t.notOk(isMessage(wrong), JSON.stringify(wrong));
});

t.test('a parser returns what a text says in JSON, and throws where it has another shape', async (t) => {
  const parse = parserOf(Message);
  t.strictSame(parse('{"id": "a", "tags": ["b"], "more": 1}'), { id: 'a', tags: ['b'], more: 1 });
  for (const wrong of WRONG) t.throws(() => parse(JSON.stringify(wrong)), TypeError, JSON.stringify(wrong));
  t.throws(() => parse('{"id": "a"'), SyntaxError);
});
