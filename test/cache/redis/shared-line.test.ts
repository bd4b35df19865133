import { mock } from 'node:test';
import t from 'tap';
import { SharedLine } from '../../../src/cache/redis/shared-line.ts';
import { Gate } from '../../helpers/gate.ts';

const forEver = () => 600_000;

/** So many commands, each answered with its number, and how many were sent. */
function commandsOf(count: number, during: (index: number) => Promise<void> | void = () => {}) {
  const sent: number[] = [];
  const commands = Array.from({ length: count }, (_, index) => async () => {
    sent.push(index);
    await during(index);
    return index;
  });
  return { sent, commands };
}

async function all<T>(answers: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const answer of answers) taken.push(answer);
  return taken;
}

t.test('all answers come in their order', async (t) => {
  const { commands } = commandsOf(100);
  t.same(await all(new SharedLine().transfer(commands, forEver)), [...commands.keys()]);
  t.same(await all(new SharedLine().transfer([], forEver)), []);
});

t.test('two transfers take turns', async (t) => {
  const line = new SharedLine();
  const gate = new Gate();
  const order: string[] = [];
  const { commands: one } = commandsOf(8, async () => {
    order.push('one');
    await gate.pass();
  });
  const { commands: other } = commandsOf(8, () => void order.push('other'));
  const both = Promise.all([all(line.transfer(one, forEver)), all(line.transfer(other, forEver))]);
  await gate.reached;
  gate.open();
  await both;
  t.same(order.slice(0, 5), ['one', 'one', 'one', 'one', 'other']);
  t.not(order.lastIndexOf('one'), 7, 'the other had its turn before the rest');
});

t.test('quick batches grow, and slow ones shrink again', async (t) => {
  let now = performance.now();
  mock.method(performance, 'now', () => now);
  t.teardown(() => mock.restoreAll());
  const line = new SharedLine();
  const sizes: number[] = [];
  let took = 0;
  const run = async (count: number) => {
    let batch = 0;
    const { commands } = commandsOf(count, async () => {
      batch += 1;
      await null; // All of a batch are sent in one turn.
      if (batch === 0) return;
      sizes.push(batch);
      batch = 0;
      now += took;
    });
    await all(line.transfer(commands, forEver));
    return sizes.splice(0);
  };
  t.same(await run(92), [4, 8, 16, 32, 32]);
  took = 61;
  t.same(await run(64), [32, 16, 8, 4, 4]);
});

t.test('an answer that is late ends its transfer, and what was not sent yet is not sent', async (t) => {
  const line = new SharedLine();
  const gate = new Gate();
  const first = commandsOf(4, () => gate.pass());
  const stuck = all(line.transfer(first.commands, forEver));
  await gate.reached;
  const second = commandsOf(4);
  await t.rejects(all(line.transfer(second.commands, () => 1)), { message: 'no answer within 1 ms' });
  gate.open();
  await stuck;
  await new Promise(setImmediate);
  t.same(second.sent, []);
});

t.test('a command that fails ends its transfer only', async (t) => {
  const line = new SharedLine();
  const failing = commandsOf(4, () => Promise.reject(new Error('refused')));
  await t.rejects(all(line.transfer(failing.commands, forEver)), { message: 'refused' });
  t.same(await all(line.transfer(commandsOf(3).commands, forEver)), [0, 1, 2]);
});
