import { parseArgs } from 'node:util';
import { SEEDS } from '../../src/properties/sample-listings.ts';

export const USAGE = 'Usage: npx prisma db seed -- [--count 25] [--flush] [--seed N] [--yes]';

/** More would be a mistake rather than a test. */
const MAX_COUNT = 1_000_000;

export interface SeedOptions {
  readonly count: number;
  /** Whether the table is emptied first. */
  readonly flush: boolean;
  readonly seed: number | undefined;
  /** Whether `flush` may empty a database that is not on this machine. */
  readonly yes: boolean;
}

/** What was asked for cannot be done: the message says why, in one line. */
export class BadOption extends Error {}

/** @throws BadOption */
export function readOptions(args: readonly string[]): SeedOptions {
  const { count, flush, seed, yes } = parse(args);
  return {
    count: wholeNumber('--count', count, [1, MAX_COUNT]),
    flush,
    seed: seed === undefined ? undefined : wholeNumber('--seed', seed, [0, SEEDS - 1]),
    yes,
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
