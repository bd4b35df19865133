import { type CaseName, connectionsFor } from './cases.ts';
import { middleOf, rateOf } from './measures.ts';
import type { Encoding } from './pages.ts';
import type { Outcome } from './rounds.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';

/** Something that has to be so. */
export interface Bar {
  readonly rows: number;
  readonly text: string;
  /** What the median has to be. */
  readonly limit: Limit;
  /** Undefined of what the service did not compress. */
  readonly measured: Spread | undefined;
  readonly met: boolean;
}

interface Limit {
  readonly text: string;
  holds(median: number): boolean;
}

const least = (limit: number): Limit => ({ text: `≥ ${limit}`, holds: (median) => median >= limit });
const most = (limit: number): Limit => ({ text: `≤ ${limit}`, holds: (median) => median <= limit });
const above = (limit: number): Limit => ({ text: `> ${limit}`, holds: (median) => median > limit });
const below = (limit: number): Limit => ({ text: `< ${limit}`, holds: (median) => median < limit });

/** At which the first answer after an invalidation and the fill beside hits are judged. */
const LARGE = 10_000;

/** Of resident memory, once it has grown to what the load takes: garbage comes and goes. */
const FLAT = 1.1;

/** Every bar that a page of this size has to pass. */
export function barsOf(outcome: Outcome): Bar[] {
  const { rows } = outcome;
  const bar: Judge = (text, limit, measured) => {
    const known = Number.isNaN(measured.median) ? undefined : measured;
    return { rows, text, limit, measured: known, met: known !== undefined && limit.holds(known.median) };
  };
  return [
    ...rateBars(outcome, 'identity', bar),
    ...rateBars(outcome, 'gzip', bar),
    bar('miss / the same route with no cache', most(1.15), timeRatio(outcome, 'miss', 'noCache')),
    ...(rows < LARGE ? [] : largeBars(outcome, bar)),
    ...costBars(outcome, bar),
  ];
}

type Judge = (text: string, limit: Limit, measured: Spread) => Bar;

function rateBars({ of }: Outcome, encoding: Encoding, bar: Judge): Bar[] {
  const rate = (name: CaseName, other: CaseName) =>
    ratioOf(of(name, encoding).map(rateOf), of(other, encoding).map(rateOf));
  return [
    bar(`${encoding}: hit / node:http`, least(0.95), rate('hit', 'nodeHttp')),
    bar(`${encoding}: hit / Fastify`, above(1), rate('hit', 'fastify')),
    bar(`${encoding}: 304 / hit`, above(1), rate('notModified', 'hit')),
    bar(`${encoding}: hit, CACHE_LOCAL=off / redis.get`, above(1), rate('remote', 'redisGet')),
  ];
}

function largeBars(outcome: Outcome, bar: Judge): Bar[] {
  const { of, bytes } = outcome;
  const compressing = bytes.gzip === undefined ? [] : of('beside').map(({ phases }) => phases.compressing);
  const p99s = compressing.filter(({ requests }) => requests > 0).map(({ p99 }) => p99);
  const first = timeRatio(outcome, 'first', 'select');
  return [
    bar('first answer after an invalidation / pg + JSON.stringify', most(1.15), first),
    bar('p99 of hits while the list is compressed, ms', below(20), spreadOf(p99s)),
  ];
}

function costBars({ rows, of, memory }: Outcome, bar: Judge): Bar[] {
  const tails = of('hit').map(({ phases }) => phases.quiet.p99 / phases.quiet.p50);
  const { half, after } = memory('service');
  return [
    bar(`hit: p99 / p50 at ${connectionsFor(rows)} connections`, below(5), spreadOf(tails)),
    bar('RSS after all rounds / after half of them', most(FLAT), spreadOf([after / half])),
  ];
}

const timeRatio = ({ of }: Outcome, name: CaseName, other: CaseName): Spread =>
  ratioOf(of(name).map(middleOf), of(other).map(middleOf));
