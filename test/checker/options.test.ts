import t from 'tap';
import { FAULTS } from './faults.ts';
import { help, type Options, parseOptions, UsageError } from './options.ts';

t.test('without options', async (t) => {
  t.match(parseOptions([]), {
    instances: 3,
    entry: 'each',
    seconds: 20,
    faults: FAULTS.map(({ name }) => name),
    local: false,
    redis: true,
    outside: false,
    pooler: false,
    readers: 12,
    writers: 4,
    windowP99: 0,
    windowMax: 0,
  } satisfies Partial<Options>);
});

t.test('what depends on other options', async (t) => {
  t.match(parseOptions(['--local', 'on']), { windowP99: 10, windowMax: 1_000 });
  t.match(parseOptions(['--local', 'on', '--window-max', '5']), { windowP99: 10, windowMax: 5 });
  const names = parseOptions(['--redis', 'off', '--instances', '1'])?.faults;
  t.same(names, ['postgres-restart', 'listen-cut', 'listen-drop'], 'all that are possible');
  const ofWorkers = parseOptions(['--entry', 'workers'])?.faults;
  t.notOk(
    ofWorkers?.some((name) => name.startsWith('instance-')),
    'a fault hits them as one process',
  );
  t.same(parseOptions(['--faults', 'none'])?.faults, []);
  t.same(parseOptions(['--faults', 'redis-cut,listen-cut'])?.faults, ['redis-cut', 'listen-cut']);
});

t.test('help', async (t) => {
  t.equal(parseOptions(['--help']), undefined);
  for (const { name } of FAULTS) t.match(help(), name);
  t.match(help(), '--instances 1..8');
});

for (const [args, said] of [
  [['--instances', '9'], '--instances must be a whole number from 1 to 8, not 9'],
  [['--seconds', '0'], '--seconds must be a whole number from 1 to 3600, not 0'],
  [['--seed', '1.5'], '--seed must be a whole number from 0 to 4294967295, not 1.5'],
  [['--entry', 'proxy'], '--entry must be each, workers, nginx, not proxy'],
  [['--entry', 'workers', '--redis', 'off'], '--entry workers needs --redis on'],
  [['--redis', 'yes'], '--redis must be on or off, not yes'],
  [['--faults', 'fire'], '--faults: there is no fault fire; --help lists them'],
  [['--faults', 'redis-cut', '--redis', 'off'], '--faults: redis-cut needs redis'],
  [['--faults', 'instance-kill', '--instances', '1'], '--faults: instance-kill needs several instances'],
] as const) {
  t.test(args.join(' '), async (t) => t.throws(() => parseOptions(args), new UsageError(said)));
}

t.test('what no option is', async (t) => {
  t.throws(() => parseOptions(['--fault', 'all']), { message: /--fault/ });
  t.throws(() => parseOptions(['all']), { message: /all/ });
});
