import t, { type Test } from 'tap';
import { Gate } from '../../../src/http/overload/gate.ts';

const PATIENCE_MS = 500;
const IN_ORDER_MS = 100;
const MAX_WAITING = 20;

/** A gate whose time a test advances. */
function gateOf(t: Test) {
  let time = 0;
  const state = { isFull: false, entered: [] as number[], refused: [] as number[], gone: new Set<number>() };
  const gate = new Gate<number>({
    isFull: () => state.isFull,
    enter: (item) => state.entered.push(item),
    refuse: (item) => state.refused.push(item),
    isGone: (item) => state.gone.has(item),
    patienceMs: PATIENCE_MS,
    inOrderMs: IN_ORDER_MS,
    maxWaiting: MAX_WAITING,
    now: () => time,
  });
  t.teardown(() => gate.open()); // Who waits is looked after until then.
  const advance = (milliseconds: number) => {
    time += milliseconds;
  };
  return { gate, state, advance };
}

const turn = () => new Promise(setImmediate);

/** Resolves when the gate has looked again although no item came. */
const look = () => new Promise((resolve) => setTimeout(resolve, 10));

t.test('who arrives enters at once while it is not full, some in each turn', async (t) => {
  const { gate, state } = gateOf(t);
  for (let item = 0; item < 20; item += 1) gate.arrive(item);
  t.same(state.entered, [0, 1, 2, 3, 4, 5, 6, 7]);
  t.equal(gate.waiting, 12);
  await turn();
  t.equal(state.entered.length, 16);
  await turn();
  t.same(state.entered, [...Array(20).keys()], 'in the order of arrival');
  t.equal(gate.waiting, 0);
});

t.test('who waits enters when it is not full any more, the newest first once the wait is long', async (t) => {
  const { gate, state, advance } = gateOf(t);
  state.isFull = true;
  gate.arrive(1);
  gate.arrive(2);
  await look();
  t.same(state.entered, []);
  advance(IN_ORDER_MS - 1);
  state.isFull = false;
  await look();
  t.same(state.entered, [1, 2]);

  state.isFull = true;
  gate.arrive(3);
  advance(IN_ORDER_MS);
  gate.arrive(4);
  gate.arrive(5);
  state.isFull = false;
  await look();
  t.same(state.entered, [1, 2, 5, 4, 3]);
  t.same(state.refused, []);
});

t.test('an item that has waited for too long is refused, and no other', async (t) => {
  const { gate, state, advance } = gateOf(t);
  state.isFull = true;
  gate.arrive(1);
  advance(1);
  gate.arrive(2);
  advance(PATIENCE_MS - 1);
  await look();
  t.same(state.refused, [1]);
  t.equal(gate.waiting, 1);
});

t.test('when too many wait the oldest are refused at once', async (t) => {
  const { gate, state } = gateOf(t);
  state.isFull = true;
  for (let item = 0; item < MAX_WAITING + 2; item += 1) gate.arrive(item);
  t.same(state.refused, [0, 1]);
  t.equal(gate.waiting, MAX_WAITING);
});

t.test('an item that is gone neither enters nor is refused, and does not count', async (t) => {
  const { gate, state, advance } = gateOf(t);
  state.isFull = true;
  for (let item = 0; item < 10; item += 1) gate.arrive(item);
  for (let item = 0; item < 9; item += 1) state.gone.add(item);
  state.isFull = false;
  await look();
  t.same(state.entered, [9]);

  state.isFull = true;
  gate.arrive(1);
  advance(PATIENCE_MS);
  await look();
  t.same(state.refused, []);
  t.equal(gate.waiting, 0);
});

t.test('an open gate lets every item in, also those that wait', async (t) => {
  const { gate, state } = gateOf(t);
  state.isFull = true;
  gate.arrive(1);
  gate.open();
  gate.arrive(2);
  t.same(state.entered, [1, 2]);
});
