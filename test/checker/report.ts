import { REACHES, type Reach } from './history.ts';
import type { Options } from './options.ts';
import type { Lookup, Tally, Violation } from './tally.ts';
import { summarize, type WindowSummary } from './windows.ts';

export interface FaultSummary {
  readonly name: string;
  readonly count: number;
  /** From the healing until every instance had answered from its cache, at most. Milliseconds. */
  readonly recovery: number;
}

interface Expectable {
  readonly expected: number;
  readonly unexpected: number;
}

export interface Report {
  readonly passed: boolean;
  /** Nothing if it passed. */
  readonly violations: readonly Readonly<Violation>[];
  readonly seed: number;
  /** How long the traffic went on. */
  readonly seconds: number;
  readonly reads: number;
  readonly writes: Readonly<Tally['writes']>;
  readonly lookups: Readonly<Record<Lookup, number>>;
  readonly stale: Readonly<Record<Reach, WindowSummary>>;
  /** Requests that the load gate refused. */
  readonly overloaded: number;
  readonly errors: Expectable;
  readonly disconnections: Expectable;
  readonly faults: readonly FaultSummary[];
}

const NAMES: Readonly<Record<Reach, string>> = {
  api: 'API writes',
  unshared: 'API writes heard by NOTIFY',
  outside: 'outside writes (SQL)',
};

/** How many requests the load gate may refuse for each read that is answered: the clients share the machine. */
const MAX_OVERLOADED = 0.1;

export function makeReport(
  options: Options,
  tally: Tally,
  { seconds, faults }: Pick<Report, 'seconds' | 'faults'>,
): Report {
  const { reads, writes, lookups, overloaded, errors, disconnections } = tally;
  if (reads === 0 || writes.acked === 0) {
    tally.wrong('nothing checked', `${reads} reads, ${writes.acked} acked writes`);
  }
  if (overloaded > MAX_OVERLOADED * reads) {
    tally.wrong('overloaded too often', `${overloaded} requests were refused, and ${reads} reads answered`);
  }
  const [api, unshared, outside] = REACHES.map((reach) => summarize(tally.windows[reach], reads));
  if (!api || !unshared || !outside) throw new Error('every reach has a summary');
  const stale = { api, unshared, outside };
  const violations = [
    ...REACHES.flatMap((reach) => staleViolation(options, tally, reach, stale[reach])),
    ...tally.violations.values(),
  ];
  const { seed } = options;
  const passed = violations.length === 0;
  return {
    passed,
    violations,
    seed,
    seconds,
    reads,
    writes,
    lookups,
    stale,
    overloaded,
    errors,
    disconnections,
    faults,
  };
}

function staleViolation(options: Options, tally: Tally, reach: Reach, summary: WindowSummary): Violation[] {
  const limits =
    reach === 'api'
      ? { p99: options.windowP99, max: options.windowMax }
      : { p99: options.outsideWindowP99, max: options.outsideWindowMax };
  if (summary.max <= limits.max && summary.p99OfAll <= limits.p99) return [];
  const name = `stale after ${NAMES[reach]} (allowed: ${limits.p99} ms at p99, ${limits.max} ms ever)`;
  return [{ name, count: summary.count, examples: tally.staleExamples[reach].map(({ text }) => text) }];
}

export function formatReport(report: Report): string {
  const { passed, violations, seed, seconds, reads, writes, lookups, overloaded, errors, disconnections } =
    report;
  const lines = [
    row('seed, seconds', seed, seconds.toFixed(1)),
    row('reads', reads),
    row('writes', `${writes.acked} acked`, `${writes.unknown} unknown`, `${writes.refused} refused`),
    ...Object.entries(lookups).map(([name, count]) => row(`  ${name}`, count, share(count / (reads || 1)))),
    ...REACHES.map((reach) => staleRow(reach, report.stale[reach])),
    ...(['invented', 'lost', 'stuck'] as const).map((name) => row(name, countOf(violations, name))),
    row('refused as overloaded', overloaded, share(overloaded / (reads || 1))),
    row('5xx', `${errors.expected} expected`, `${errors.unexpected} unexpected`),
    row('disconnected', `${disconnections.expected} expected`, `${disconnections.unexpected} unexpected`),
    ...report.faults.map(({ name, count, recovery }) =>
      row(`fault ${name}`, `${count} times`, `recovered in ${recovery.toFixed(0)} ms at most`),
    ),
  ];
  for (const { name, count, examples } of violations) {
    lines.push('', `${name}: ${count}`, ...examples.map((example) => `  ${example}`));
  }
  const why = violations.map(({ name, count }) => `${count} ${name}`).join('; ');
  return [...lines, '', passed ? 'PASS' : `FAIL: ${why}`, ''].join('\n');
}

const COLUMN = 40;

function row(name: string, ...values: readonly (string | number)[]): string {
  return `${name.padEnd(COLUMN)}${values.join(', ')}`;
}

function staleRow(reach: Reach, { count, share: of, p50, p99, max, p99OfAll }: WindowSummary): string {
  const windows = [p50, p99, max, p99OfAll].map((window) => window.toFixed(1));
  const [half, most, all, reads] = windows;
  const text = `p50 ${half}, p99 ${most}, max ${all} ms (p99 of all reads ${reads} ms)`;
  return row(`stale after ${NAMES[reach]}`, count, share(of), count === 0 ? 'none' : text);
}

const share = (part: number): string => `${(part * 100).toFixed(2)} %`;

function countOf(violations: readonly Readonly<Violation>[], wanted: string): number {
  return violations.find(({ name }) => name === wanted)?.count ?? 0;
}
