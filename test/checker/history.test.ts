import fc from 'fast-check';
import t from 'tap';
import {
  ABSENT,
  History,
  judgeRead,
  judgeTable,
  LANDING_MS,
  type Outcome,
  type Read,
  type Sighting,
  type Source,
} from './history.ts';

interface Step {
  readonly invoked: number;
  readonly ended: number;
  readonly outcome?: Exclude<Outcome, 'pending'>;
  readonly present?: boolean;
  readonly source?: Source;
  readonly shared?: boolean;
}

const ROW = 7;

/** One row's writes, one after the other. */
function historyOf(...steps: readonly Step[]): History {
  const history = new History();
  for (const { invoked, ended, outcome = 'acked', present = true, source = 0, shared = true } of steps) {
    const write = history.invoke({ row: ROW, present, source, invoked });
    history.end(write, { ended, outcome, shared });
  }
  return history;
}

const see = (version: Sighting['version'], began: number, ended = began + 1, instance = 1): Read => ({
  instance,
  began,
  ended,
  seen: [{ row: ROW, version }],
  whole: false,
});

const listed = (seen: readonly Sighting[], began: number): Read => ({ ...see(1, began), seen, whole: true });

const THREE = [
  { invoked: 0, ended: 10 },
  { invoked: 20, ended: 30 },
  { invoked: 40, ended: 50 },
];

t.test('a read that saw an older version than one acked before it began is stale', async (t) => {
  const history = historyOf(...THREE);
  t.same(judgeRead(history, see(3, 60)), []);
  t.same(judgeRead(history, see(2, 45)), [], 'version 3 was not acked yet');
  t.same(judgeRead(history, see(2, 50)), [], 'it began at the ack, not after it');
  t.same(judgeRead(history, see(2, 60)), [
    { kind: 'stale', reach: 'api', row: ROW, version: 2, newer: 3, window: 10 },
  ]);
  t.match(judgeRead(history, see(1, 60)), [{ newer: 2, window: 30 }], 'the earliest newer one counts');
});

t.test('a version that is written while it is read may be seen or not', async (t) => {
  const history = historyOf(...THREE);
  t.same(judgeRead(history, see(2, 35, 45)), []);
  t.same(judgeRead(history, see(3, 35, 45)), []);
});

t.test('a version that was never written is invented', async (t) => {
  const history = historyOf(...THREE, { invoked: 60, ended: 70, outcome: 'refused' });
  t.match(judgeRead(history, see(3, 30, 39)), [{ kind: 'invented', version: 3 }], 'before it was invoked');
  t.match(judgeRead(history, see(4, 80)), [{ kind: 'invented' }], 'it was refused');
  t.match(judgeRead(history, see(5, 80)), [{ kind: 'invented' }]);
  t.match(judgeRead(history, see(0, 80)), [{ kind: 'invented' }]);
  t.match(judgeRead(new History(), see(1, 80)), [{ kind: 'invented' }], 'a row that was never written');
});

t.test('how the reader can have known decides what a stale read counts as', async (t) => {
  const steps = (source: Source, shared: boolean) => [
    { invoked: 0, ended: 10 },
    { invoked: 20, ended: 30, source, shared },
  ];
  const reachOf = (source: Source, shared: boolean, instance: number) =>
    judgeRead(historyOf(...steps(source, shared)), see(1, 40, 41, instance));
  t.match(reachOf(0, true, 1), [{ reach: 'api' }]);
  t.match(reachOf(0, false, 0), [{ reach: 'api' }], 'its own write');
  t.match(reachOf(0, false, 1), [{ reach: 'unshared' }]);
  t.match(reachOf('sql', false, 0), [{ reach: 'outside' }]);

  const both = historyOf(...steps('sql', false), { invoked: 50, ended: 60 });
  t.match(judgeRead(both, see(1, 70)), [
    { reach: 'api', newer: 3, window: 10 },
    { reach: 'outside', newer: 2, window: 40 },
  ]);
});

t.test('a write of unknown outcome may have been made, until a later one tells', async (t) => {
  const unknown = { invoked: 20, ended: 30, outcome: 'unknown' } as const;
  const history = historyOf({ invoked: 0, ended: 10 }, unknown);
  t.same(judgeRead(history, see(1, 40)), []);
  t.same(judgeRead(history, see(2, 40)), []);

  const soon = historyOf({ invoked: 0, ended: 10 }, unknown, { invoked: 40, ended: 50 });
  t.same(judgeRead(soon, see(2, 60)), [], 'it may have landed after version 3');
  t.match(judgeRead(soon, see(1, 60)), [{ kind: 'stale', newer: 3 }]);

  const late = 30 + LANDING_MS + 1;
  const after = historyOf({ invoked: 0, ended: 10 }, unknown, { invoked: late, ended: late + 10 });
  t.match(judgeRead(after, see(2, late + 20)), [{ kind: 'stale', newer: 3, window: 10 }]);
});

t.test('a row that is there must not be missing', async (t) => {
  const history = historyOf({ invoked: 0, ended: 10 });
  t.same(judgeRead(history, see(ABSENT, 5)), [], 'it was being added');
  t.match(judgeRead(history, see(ABSENT, 20)), [{ kind: 'stale', version: ABSENT, newer: 1, window: 10 }]);
  t.match(judgeRead(history, listed([], 20)), [{ kind: 'stale', row: ROW, version: ABSENT }]);
  t.same(judgeRead(history, listed([{ row: ROW, version: 1 }], 20)), []);
  t.same(judgeRead(history, { ...see(1, 20), seen: [] }), [], 'only a list has to hold every row');
});

t.test('a row that was deleted must not be there', async (t) => {
  const history = historyOf({ invoked: 0, ended: 10 }, { invoked: 20, ended: 30, present: false });
  t.same(judgeRead(history, see(ABSENT, 15, 25)), [], 'it was being deleted');
  t.same(judgeRead(history, see(1, 25)), []);
  t.match(judgeRead(history, see(1, 40)), [{ kind: 'stale', newer: 2, window: 10 }]);
  t.same(judgeRead(history, listed([], 40)), []);
  t.match(judgeRead(history, see(2, 40)), [{ kind: 'invented' }], 'an absence has no version to be seen');

  const maybe = historyOf(
    { invoked: 0, ended: 10 },
    { invoked: 20, ended: 30, present: false, outcome: 'unknown' },
  );
  t.same([...judgeRead(maybe, see(1, 40)), ...judgeRead(maybe, listed([], 40))], []);

  const refused = historyOf(
    { invoked: 0, ended: 10 },
    { invoked: 20, ended: 30, present: false, outcome: 'refused' },
  );
  t.match(judgeRead(refused, listed([], 40)), [{ kind: 'stale', newer: 1, window: 30 }]);

  const again = historyOf(
    ...THREE.slice(0, 1),
    { invoked: 20, ended: 30, present: false },
    ...THREE.slice(2),
  );
  t.match(judgeRead(again, see(ABSENT, 60)), [{ newer: 3, window: 10 }], 'it saw the absence before');
});

t.test('a write that is under way', async (t) => {
  const history = historyOf({ invoked: 0, ended: 10 });
  const write = history.invoke({ row: ROW, present: true, source: 0, invoked: 20 });
  t.same(write.version, 2);
  t.same([...judgeRead(history, see(1, 30)), ...judgeRead(history, see(2, 30))], []);
  t.throws(() => history.end({ row: ROW, version: 3 }, { ended: 40, outcome: 'acked', shared: true }));
});

t.test('the table must hold what was acked last, or what may have come after it', async (t) => {
  const tableOf = (version: number) => [{ row: ROW, version }];
  const history = historyOf(...THREE);
  t.same(judgeTable(history, tableOf(3)), []);
  t.same(judgeTable(history, tableOf(2)), [{ kind: 'lost', row: ROW, version: 2, expected: 3 }]);
  t.match(judgeTable(history, []), [{ kind: 'lost', version: ABSENT }]);
  t.match(judgeTable(history, tableOf(4)), [{ kind: 'lost', version: 4 }]);
  t.match(judgeTable(history, [...tableOf(3), { row: 99, version: 1 }]), [{ kind: 'invented', row: 99 }]);

  const unknown = historyOf(...THREE, { invoked: 60, ended: 70, outcome: 'unknown' });
  t.same([...judgeTable(unknown, tableOf(3)), ...judgeTable(unknown, tableOf(4))], []);
  t.match(judgeTable(unknown, tableOf(2)), [{ kind: 'lost' }]);

  const deleted = historyOf(...THREE, { invoked: 60, ended: 70, present: false });
  t.same(judgeTable(deleted, []), []);
  t.match(judgeTable(deleted, tableOf(3)), [{ kind: 'lost', expected: 4 }]);

  const never = historyOf({ invoked: 0, ended: 10, outcome: 'unknown' });
  t.same([...judgeTable(never, []), ...judgeTable(never, tableOf(1))], []);
});

/** A write of a register that is right: it happens at one moment, and every read after that sees it. */
interface RegisterWrite {
  readonly pause: number;
  readonly duration: number;
  readonly present: boolean;
  /** When it happens: a share of `duration`, or, of unknown outcome, of the time in which it may still land. */
  readonly moment: number;
  readonly outcome: Exclude<Outcome, 'pending'>;
}

const writeOfRegister: fc.Arbitrary<RegisterWrite> = fc.record({
  pause: fc.integer({ min: 1, max: 20 }),
  duration: fc.integer({ min: 1, max: 20 }),
  present: fc.boolean(),
  moment: fc.double({ min: 0, max: 1, noNaN: true }),
  outcome: fc.constantFrom<Exclude<Outcome, 'pending'>[]>('acked', 'acked', 'unknown', 'refused'),
});

const readOfRegister = fc.record({
  began: fc.integer({ min: 0, max: 500 }),
  duration: fc.integer({ min: 0, max: 30 }),
  moment: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** The history of these writes, and what the register held at a time. */
function register(writes: readonly RegisterWrite[]) {
  const history = new History();
  const happened: { at: number; version: Sighting['version'] }[] = [];
  let now = 0;
  for (const { pause, duration, present, moment, outcome } of writes) {
    const invoked = now + pause;
    const ended = invoked + duration;
    const { version } = history.invoke({ row: ROW, present, source: 0, invoked });
    history.end({ row: ROW, version }, { ended, outcome, shared: true });
    const lands = outcome === 'unknown' ? duration + LANDING_MS * moment : duration * moment;
    if (outcome !== 'refused') happened.push({ at: invoked + lands, version: present ? version : ABSENT });
    now = ended;
  }
  happened.sort((a, b) => a.at - b.at);
  const heldAt = (time: number) => happened.findLast(({ at }) => at <= time)?.version ?? ABSENT;
  return { history, heldAt };
}

t.test('nothing is wrong with a register that is right, whatever is done with it', async () => {
  const writes = fc.array(writeOfRegister, { maxLength: 12 });
  fc.assert(
    fc.property(writes, fc.array(readOfRegister, { maxLength: 8 }), (made, reads) => {
      const { history, heldAt } = register(made);
      const findings = reads.flatMap(({ began, duration, moment }) => {
        const version = heldAt(began + duration * moment);
        const seen = version === ABSENT ? [] : [{ row: ROW, version }];
        const read = { ...see(version, began, began + duration), whole: true };
        return judgeRead(history, { ...read, seen });
      });
      const atTheEnd = heldAt(Number.POSITIVE_INFINITY);
      const table = atTheEnd === ABSENT ? [] : [{ row: ROW, version: atTheEnd }];
      return findings.length === 0 && judgeTable(history, table).length === 0;
    }),
    { numRuns: 500 },
  );
});

t.test('every read of an acked version that another had followed is found, with its window', async () => {
  const acked = writeOfRegister.map((write) => ({ ...write, present: true, outcome: 'acked' as const }));
  const writes = fc.array(acked, { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(writes, fc.nat(), fc.integer({ min: 1, max: 50 }), (made, choice, later) => {
      const { history } = register(made);
      const version = 1 + (choice % (made.length - 1));
      const ended = history.writesOf(ROW)[version]?.ended ?? Number.NaN;
      const [finding] = judgeRead(history, see(version, ended + later));
      return finding?.kind === 'stale' && finding.newer === version + 1 && finding.window === later;
    }),
  );
});
