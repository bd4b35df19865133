import { thousands } from '../../table.ts';
import {
  type CaseName,
  connectionsFor,
  THROUGHPUT,
  type ThroughputName,
  TIMES,
  type TimeName,
} from '../cases.ts';
import { keysOf } from '../keys.ts';
import { middleOf, rateOf } from '../measures.ts';
import type { Encoding } from '../pages.ts';
import type { Measured, Outcome } from '../rounds.ts';
import { ratioOf, spreadOf } from '../statistics.ts';
import { costTables } from './cost.ts';
import { figure, spread, type Table } from './table.ts';

/** Everything that was measured of a page of one size. */
export function tablesOf(outcome: Outcome): Table[] {
  return [
    throughputTable(outcome, 'identity'),
    throughputTable(outcome, 'gzip'),
    timeTable(outcome),
    ...costTables(outcome),
  ];
}

const THROUGHPUT_COLUMNS = [
  'requests/s (min–max)',
  '× node:http (min–max)',
  'p50 ms',
  'p99 ms',
  'loop delay p99',
  'max ms',
  'load busy',
];

function throughputTable({ rows, bytes, of }: Outcome, encoding: Encoding): Table {
  const length = bytes[encoding];
  const size = length === undefined ? 'not compressed by the service' : `${thousands(length)} bytes`;
  const title = `${thousands(rows)} rows, ${encoding}: ${size}, ${connectionsFor(rows)} connections`;
  const yardstick = of('nodeHttp', encoding).map(rateOf);
  const row = (name: ThroughputName) => throughputRow(THROUGHPUT[name], of(name, encoding), yardstick);
  return { title, header: ['case', ...THROUGHPUT_COLUMNS], rows: keysOf(THROUGHPUT).map(row) };
}

function throughputRow(label: string, measured: readonly Measured[], yardstick: readonly number[]): string[] {
  const rates = measured.map(rateOf);
  const median = (of: (one: Measured) => number) => figure(spreadOf(measured.map(of)).median);
  const busy = spreadOf(measured.map((one) => one.busy * 100)).median;
  return [
    label,
    spread(spreadOf(rates), thousands),
    spread(ratioOf(rates, yardstick), (ratio) => ratio.toFixed(2)),
    median(({ phases }) => phases.quiet.p50),
    median(({ phases }) => phases.quiet.p99),
    median(({ delay }) => delay.p99),
    figure(spreadOf(measured.map(({ delay }) => delay.max)).max),
    Number.isNaN(busy) ? '–' : `${busy.toFixed(0)} %`,
  ];
}

/** What is measured, and what it is compared with. */
const PAIRS: readonly (readonly [TimeName, TimeName])[] = [
  ['miss', 'noCache'],
  ['first', 'select'],
];

function timeTable({ rows, of }: Outcome): Table {
  const timesOf = (name: CaseName) => of(name).map(middleOf);
  const row = (name: TimeName) => [TIMES[name], spread(spreadOf(timesOf(name)), figure)];
  const pair = ([name, other]: readonly [TimeName, TimeName]) => [
    [...row(name), spread(ratioOf(timesOf(name), timesOf(other)), (ratio) => ratio.toFixed(2))],
    [...row(other), ''],
  ];
  return {
    title: `${thousands(rows)} rows, time of a request, one after the other`,
    header: ['case', 'ms (min–max)', '× the one below (min–max)'],
    rows: PAIRS.flatMap(pair),
  };
}
