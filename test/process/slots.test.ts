import t from 'tap';
import { Slots } from '../../src/process/slots.ts';

t.test('an item that is added gets the lowest number that is free', async (t) => {
  const slots = new Slots<string>();
  for (const item of ['a', 'b', 'c']) slots.add(item);
  t.same([slots.delete('a'), slots.delete('a'), slots.delete('x')], [true, false, false]);
  t.same(slots.all, [
    [2, 'b'],
    [3, 'c'],
  ]);
  for (const item of ['d', 'e']) slots.add(item);
  t.same(slots.all, [
    [1, 'd'],
    [2, 'b'],
    [3, 'c'],
    [4, 'e'],
  ]);
});
