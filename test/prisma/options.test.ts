import t from 'tap';
import { BadOption, readOptions } from '../../prisma/seed/options.ts';

t.test('without options, 25 listings are added, never the same ones', async (t) => {
  t.strictSame(readOptions([]), { count: 25, flush: false, seed: undefined, yes: false, help: false });
});

t.test('every option is read, at both ends of its range', async (t) => {
  const largest = readOptions(['--count', '1000000', '--flush', '--seed=4294967295', '--yes']);
  t.strictSame(largest, { count: 1_000_000, flush: true, seed: 4_294_967_295, yes: true, help: false });
  t.match(readOptions(['--count=1', '--seed', '0']), { count: 1, seed: 0 });
});

for (const [args, message] of [
  [['--nope'], "Unknown option '--nope'"],
  [['25'], "Unexpected argument '25'"],
  [['--count'], "Option '--count <value>' argument missing"],
  [['--count', '-5'], "Option '--count' argument is ambiguous"],
  [['--flush=no'], "Option '--flush' does not take an argument"],
  [['--count', '0'], '--count must be a whole number from 1 to 1000000, not "0"'],
  [['--count', '1000001'], '--count must be a whole number from 1 to 1000000, not "1000001"'],
  [['--count', '1e3'], '--count must be a whole number from 1 to 1000000, not "1e3"'],
  [['--count', ''], '--count must be a whole number from 1 to 1000000, not ""'],
  [['--seed=-1'], '--seed must be a whole number from 0 to 4294967295, not "-1"'],
  [['--seed', '4294967296'], '--seed must be a whole number from 0 to 4294967295, not "4294967296"'],
  [['--seed', '1\n2'], '--seed must be a whole number from 0 to 4294967295, not "1\\n2"'],
] as const) {
  t.test(`${JSON.stringify(args)} is refused: ${message}`, async (t) => {
    t.throws(() => readOptions(args), new BadOption(message));
  });
}
