import { parseArgs } from 'node:util';
import { SEEDS } from '../../src/features/properties/sample-listings.ts';

export const USAGE = 'Usage: npx prisma db seed -- [--count 25] [--flush] [--seed N] [--yes] [--help]';

/** Every option, as docs/guides/seeding.md has them. */
export const HELP = `${USAGE}

  --count 25  how many listings to add, 1 to 1000000
  --flush     empty the table first; ids start at 1 again
  --seed N    the same listings every time: a whole number from 0 to 4294967295
  --yes       let --flush empty a database that is not on this machine
  --help      say this

Where: DATABASE_URL, or while that is unset the embedded database in .data/`;

/** More would be a mistake rather than a test. */
const MAX_COUNT = 1_000_000;

export interface SeedOptions {
  readonly count: number;
  /** Whether the table is emptied first. */
  readonly flush: boolean;
  readonly seed: number | undefined;
  /** Whether `flush` may empty a database that is not on this machine. */
  readonly yes: boolean;
  /** Whether nothing is to be done but to say what there is. */
  readonly help: boolean;
}

/** What was asked for cannot be done: the message says why, in one line. */
export class BadOption extends Error {}

/** @throws BadOption */
export function readOptions(args: readonly string[]): SeedOptions {
  const { count, flush, seed, yes, help } = parse(args);
  return {
    count: wholeNumber('--count', count, [1, MAX_COUNT]),
    flush,
    seed: seed === undefined ? undefined : wholeNumber('--seed', seed, [0, SEEDS - 1]),
    yes,
    help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        count: { type: 'string', default: '25' },
        flush: { type: 'boolean', default: false },
        seed: { type: 'string' },
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    const [line] = String(Object(error).message).split(/\n|\. /);
    throw new BadOption(line);
  }
}

function wholeNumber(name: string, text: string, [min, max]: readonly [number, number]): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new BadOption(`${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}
