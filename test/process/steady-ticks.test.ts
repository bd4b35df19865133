import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { keptTick } from '../../src/process/steady-ticks.ts';

t.test('a tick object of Node is kept', async (t) => {
  await turn();
  t.equal(keptTick.length, 1);
  t.match(Object.keys(keptTick[0] ?? {}), ['callback', 'args'], 'the literal of process.nextTick');
});
