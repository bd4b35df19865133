import { parseArgs } from 'node:util';
import { FAULTS } from './faults.ts';

/** Whom clients ask. */
const ENTRIES = ['each', 'workers', 'nginx'] as const;
export type Entry = (typeof ENTRIES)[number];

export interface Options {
  readonly instances: number;
  /** Whom clients ask: each instance, one process with as many workers, or nginx in front of all. */
  readonly entry: Entry;
  /** How long the faults go on; one round of them is run in any case. */
  readonly seconds: number;
  /** Names of faults.ts. */
  readonly faults: readonly string[];
  /** Each instance keeps a tier of its own before Redis. */
  readonly local: boolean;
  /** The instances share a Redis; without, each has its own memory. */
  readonly redis: boolean;
  /** A client of PostgreSQL writes as well. */
  readonly outside: boolean;
  /** All but `LISTEN` goes through a PgBouncer in transaction mode. */
  readonly pooler: boolean;
  readonly readers: number;
  readonly writers: number;
  /** `STALE_IF_ERROR` of the instances. Seconds. */
  readonly staleIfError: number;
  /** How old an answer may be after a write through the API, at the 99th percentile of all reads and ever. Milliseconds. */
  readonly windowP99: number;
  readonly windowMax: number;
  /** The same for writes that are told of by notification only. Milliseconds. */
  readonly outsideWindowP99: number;
  readonly outsideWindowMax: number;
  readonly seed: number;
}

/** What is wrong with the command line, in one line. */
export class UsageError extends Error {}

const WORDS = {
  faults: { value: 'all|none|list', initial: 'all', text: 'what breaks; a list has commas' },
  entry: {
    value: ENTRIES.join('|'),
    initial: 'each',
    text: 'who is asked: each instance, one of workers, a proxy',
  },
  local: { value: 'on|off', initial: 'off', text: 'CACHE_LOCAL of the instances' },
  redis: { value: 'on|off', initial: 'on', text: "off: each instance has its own process's memory" },
  outside: { value: 'on|off', initial: 'off', text: 'a client of PostgreSQL writes as well' },
  pooler: { value: 'on|off', initial: 'off', text: 'a PgBouncer before PostgreSQL' },
} as const;

/** Options that are whole numbers. Without `initial`: it depends on the others. */
const NUMBERS = {
  instances: { min: 1, max: 8, initial: 3, text: 'processes of the service' },
  seconds: { min: 1, max: 3_600, initial: 20, text: 'how long; all chosen faults are made once in any case' },
  readers: { min: 1, max: 64, initial: 12, text: 'clients that read' },
  writers: { min: 1, max: 16, initial: 4, text: 'clients that write' },
  'stale-if-error': { min: 0, max: 86_400, initial: 0, text: 'STALE_IF_ERROR of the instances, in seconds' },
  'window-p99': { min: 0, max: 60_000, text: 'allowed age in ms, 99 % of reads (0; with --local on 10)' },
  'window-max': { min: 0, max: 60_000, text: 'allowed age in ms, every read (0; with --local on 1000)' },
  'outside-window-p99': {
    min: 0,
    max: 60_000,
    initial: 50,
    text: 'the same for writes heard by notification',
  },
  'outside-window-max': {
    min: 0,
    max: 60_000,
    initial: 2_500,
    text: 'the same for writes heard by notification',
  },
  seed: { min: 0, max: 2 ** 32 - 1, text: 'repeats the choices (any)' },
} as const;

/** What `--window-p99` and `--window-max` are unless they are given. */
const WINDOWS = { local: { p99: 10, max: 1_000 }, shared: { p99: 0, max: 0 } };

type Given = Readonly<Record<string, string | boolean | undefined>>;

/** Undefined: only the help is wanted. Throws a `UsageError`. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const given = parse(args);
  if (given.help) return undefined;
  const local = choice(given, 'local');
  const redis = choice(given, 'redis');
  const instances = wholeNumber(given, 'instances');
  const entry = chosenEntry(String(given.entry ?? WORDS.entry.initial), redis);
  const windows = local ? WINDOWS.local : WINDOWS.shared;
  return {
    instances,
    entry,
    seconds: wholeNumber(given, 'seconds'),
    faults: chosenFaults(String(given.faults ?? WORDS.faults.initial), {
      redis,
      instances: entry === 'workers' ? 1 : instances,
    }),
    local,
    redis,
    outside: choice(given, 'outside'),
    pooler: choice(given, 'pooler'),
    readers: wholeNumber(given, 'readers'),
    writers: wholeNumber(given, 'writers'),
    staleIfError: wholeNumber(given, 'stale-if-error'),
    windowP99: wholeNumber(given, 'window-p99', windows.p99),
    windowMax: wholeNumber(given, 'window-max', windows.max),
    outsideWindowP99: wholeNumber(given, 'outside-window-p99'),
    outsideWindowMax: wholeNumber(given, 'outside-window-max'),
    seed: wholeNumber(given, 'seed', Date.now() % NUMBERS.seed.max),
  };
}

export function help(): string {
  const words = Object.entries(WORDS).map(([name, { value, initial, text }]) =>
    line(`--${name} ${value}`, `${text} (${initial})`),
  );
  const numbers = Object.entries(NUMBERS).map(([name, { min, max, text, ...rest }]) => {
    const initial = 'initial' in rest ? ` (${rest.initial})` : '';
    return line(`--${name} ${min}..${max}`, `${text}${initial}`);
  });
  const faults = FAULTS.map(({ name, description }) => line(name, description));
  return [
    'Runs real instances, breaks what they depend on, and checks every answer against the writes before it.',
    '',
    ...[...words, ...numbers],
    '',
    'Faults:',
    ...faults,
    '',
  ].join('\n');
}

const COLUMN = 32;
const line = (left: string, right: string) => `  ${left.padEnd(COLUMN)}  ${right}`;

function parse(args: readonly string[]): Given {
  const names = [...Object.keys(WORDS), ...Object.keys(NUMBERS)];
  const strings = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const options = { ...strings, help: { type: 'boolean' as const } };
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const [said] = String(Object(error).message).split('\n');
    throw new UsageError(said);
  }
}

function choice(given: Given, name: keyof Omit<typeof WORDS, 'faults'>): boolean {
  const word = given[name] ?? WORDS[name].initial;
  if (word !== 'on' && word !== 'off') throw new UsageError(`--${name} must be on or off, not ${word}`);
  return word === 'on';
}

/** At one address it is not known who answers: only what holds for all of them can be demanded. */
function chosenEntry(word: string, redis: boolean): Entry {
  const entry = ENTRIES.find((name) => name === word);
  if (!entry) throw new UsageError(`--entry must be ${ENTRIES.join(', ')}, not ${word}`);
  if (entry !== 'each' && !redis) throw new UsageError(`--entry ${entry} needs --redis on`);
  return entry;
}

function wholeNumber(given: Given, name: keyof typeof NUMBERS, otherwise = 0): number {
  const { min, max, ...rest } = NUMBERS[name];
  const text = given[name];
  if (text === undefined) return 'initial' in rest ? rest.initial : otherwise;
  const value = /^\d+$/.test(String(text)) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not ${text}`);
}

function chosenFaults(text: string, has: { redis: boolean; instances: number }): string[] {
  const possible = FAULTS.filter(
    ({ needs }) => (needs !== 'redis' || has.redis) && (needs !== 'several instances' || has.instances > 1),
  ).map(({ name }) => name);
  if (text === 'all') return possible;
  if (text === 'none') return [];
  const names = text.split(',');
  for (const name of names) {
    const fault = FAULTS.find((fault) => fault.name === name);
    if (!fault) throw new UsageError(`--faults: there is no fault ${name}; --help lists them`);
    if (!possible.includes(name)) throw new UsageError(`--faults: ${name} needs ${fault.needs}`);
  }
  return [...new Set(names)];
}
