import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { Context } from '../../src/context.ts';
import { Gate } from '../helpers/gate.ts';

t.test('what runs inside knows its value through every await, and what runs outside does not', async (t) => {
  const context = new Context<string>();
  const gate = new Gate();
  const inside = async (value: string) => {
    t.equal(context.value, value);
    await gate.pass();
    t.equal(context.value, value);
    await turn();
    return context.value;
  };
  const [one, two] = [context.run('one', () => inside('one')), context.run('two', () => inside('two'))];
  t.equal(context.value, undefined);
  gate.open();
  t.same(await Promise.all([one, two]), ['one', 'two']);
  t.equal(context.value, undefined);
  t.equal(await context.run('again', () => inside('again')), 'again', 'also after nobody was inside');
});

t.test('one inside another ends before it', async (t) => {
  const context = new Context<string>();
  await context.run('outer', async () => {
    t.equal(await context.run('inner', async () => context.value), 'inner');
    t.equal(context.value, 'outer');
  });
});

t.test('the error of what ran inside is passed on, and ends it', async (t) => {
  const context = new Context<string>();
  const failing = context.run('x', async () => {
    throw new Error('failed');
  });
  await t.rejects(failing, { message: 'failed' });
  t.equal(context.value, undefined);
});
