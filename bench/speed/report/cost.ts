import { thousands } from '../../table.ts';
import type { Phase } from '../load/job.ts';
import type { Memory, Outcome } from '../rounds.ts';
import { spreadOf } from '../statistics.ts';
import { figure, spread, type Table } from './table.ts';

const BYTES_PER_MB = 1024 * 1024;

/** What else it costs: other requests' time, and memory. */
export function costTables(outcome: Outcome): Table[] {
  return [besideTable(outcome), memoryTable(outcome)];
}

const PHASES: Readonly<Record<Phase, string>> = {
  quiet: 'before and after',
  filling: 'while the list is loaded and sent',
  compressing: 'while it is compressed',
};

function besideTable({ rows, of }: Outcome): Table {
  const row = (phase: Phase) => {
    const measured = of('beside').map(({ phases }) => phases[phase]);
    const seen = measured.filter(({ requests }) => requests > 0);
    return [
      PHASES[phase],
      thousands(seen.reduce((sum, { requests }) => sum + requests, 0)),
      figure(spreadOf(seen.map(({ p50 }) => p50)).median),
      spread(spreadOf(seen.map(({ p99 }) => p99)), figure),
      figure(spreadOf(seen.map(({ max }) => max)).max),
    ];
  };
  const delays = of('beside').map(({ delay }) => delay);
  const late = spread(spreadOf(delays.map(({ p99 }) => p99)), figure);
  const loop = [
    'event-loop delay, all the time',
    '',
    '',
    late,
    figure(spreadOf(delays.map(({ max }) => max)).max),
  ];
  return {
    title: `Hits of one listing beside fills of the list of ${thousands(rows)}, 1,000 requests/s`,
    header: ['sent', 'requests', 'p50 ms', 'p99 ms (min–max)', 'max ms'],
    rows: [row('quiet'), row('filling'), row('compressing'), loop],
  };
}

function memoryTable({ rows, memory }: Outcome): Table {
  const row = (name: string, { before, half, after }: Memory) => [
    name,
    ...[before, half, after, after - half].map((bytes) => (bytes / BYTES_PER_MB).toFixed(0)),
  ];
  return {
    title: `Memory of the service with ${thousands(rows)} rows, before the rounds, between them and after them`,
    header: ['RSS', 'before MB', 'half-way MB', 'after MB', 'growth of the second half MB'],
    rows: [
      row('as it is by default', memory('service')),
      row('no request log', memory('silent')),
      row('CACHE_LOCAL=off', memory('remote')),
    ],
  };
}
