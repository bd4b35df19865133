import t from 'tap';
import { Places } from '../../src/process/places.ts';

t.test('who comes gets the lowest number that is free', async (t) => {
  const places = new Places<string>();
  for (const who of ['a', 'b', 'c']) places.add(who);
  t.same([places.delete('a'), places.delete('a'), places.delete('x')], [true, false, false]);
  t.same(places.all, [
    [2, 'b'],
    [3, 'c'],
  ]);
  for (const who of ['d', 'e']) places.add(who);
  t.same(places.all, [
    [1, 'd'],
    [2, 'b'],
    [3, 'c'],
    [4, 'e'],
  ]);
});
