import { thousands } from '../table.ts';
import type { Times } from './client.ts';

export interface Measured extends Times {
  readonly rows: number;
  readonly name: string;
}

export interface Figures {
  readonly rows: number;
  readonly name: string;
  /** p50, p99 and the longest. Milliseconds. */
  readonly miss: readonly [number, number, number];
  /** Undefined for what is not kept. */
  readonly hit: readonly [number, number, number] | undefined;
}

export function figuresOf({ rows, name, miss, hit, notKept }: Measured): Figures {
  return { rows, name, miss: spread(miss), hit: notKept > 0 ? undefined : spread(hit) };
}

function spread(times: readonly number[]): [number, number, number] {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return [at(0.5), at(0.99), at(1)];
}

/** A table in Markdown. */
export function formatFigures(figures: readonly Figures[]): string {
  const head = ['rows', 'request', 'miss p50', 'p99', 'max', 'hit p50', 'p99', 'max'];
  const lines = figures.map(({ rows, name, miss, hit }) => [
    thousands(rows),
    name,
    ...miss.map(milliseconds),
    ...(hit?.map(milliseconds) ?? ['not kept', '', '']),
  ]);
  const rule = head.map((_, column) => (column === 1 ? '---' : '--:'));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const milliseconds = (time: number): string => (time < 10 ? time.toFixed(2) : time.toFixed(0));
