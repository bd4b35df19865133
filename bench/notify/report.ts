import { formatTable, thousands } from '../table.ts';
import type { Result } from './rounds.ts';

export interface Report {
  readonly connections: number;
  readonly seconds: number;
  /** Of the server, as one line. */
  readonly settings: string;
  readonly result: Result;
}

export function formatReport({ connections, seconds, settings, result }: Report): string {
  const { enabled, disabled } = result;
  const how = `${enabled.length} rounds of ${seconds} s each, by turns`;
  const ratios = enabled.map((rate, round) => rate / (disabled[round] ?? Number.NaN));
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)} of single pairs of rounds`;
  return [
    `PostgreSQL: ${settings}`,
    `${connections} connections, each updating rows of its own; one session listens; ${how}`,
    '',
    formatTable(
      ['writes/s', 'median', 'min', 'max'],
      [rowOf('triggers notify', enabled), rowOf('triggers disabled', disabled)],
    ),
    `Ratio of the medians: ${(median(enabled) / median(disabled)).toFixed(2)} (${range})`,
    '',
  ].join('\n');
}

function rowOf(name: string, rates: readonly number[]): string[] {
  return [name, ...[median(rates), Math.min(...rates), Math.max(...rates)].map(thousands)];
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = low] = [
    sorted[Math.ceil(sorted.length / 2) - 1],
    sorted[sorted.length >> 1],
  ];
  return (low + high) / 2;
}
