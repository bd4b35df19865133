import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packageRoot } from '../src/platform/package-root.ts';
import { Cleanup } from '../support/cleanup.ts';
import { type Run, runCommand, UsageError } from '../support/command-line.ts';
import { skipWithoutRedis } from '../support/redis.ts';
import { barsOf } from './speed/bars.ts';
import { casesOf } from './speed/cases.ts';
import { type Load, startLoad } from './speed/load.ts';
import { machineOf } from './speed/machine.ts';
import { type Pinning, pin } from './speed/pinning.ts';
import { plotOf } from './speed/plot.ts';
import { barTable } from './speed/report/bars.ts';
import { formatted } from './speed/report/table.ts';
import { tablesOf } from './speed/report/tables.ts';
import { measure, type Outcome } from './speed/rounds.ts';
import { openSetting } from './speed/setting.ts';

const OPTIONS = {
  rounds: { min: 1, max: 1_000, initial: 12, text: 'of all cases, by turns' },
  seconds: { min: 0.1, max: 60, initial: 1, text: 'for each of them', fraction: true },
  rows: { min: 0, max: 100_000, initial: 0, text: 'that the page lists; 0: 25, 1,000 and 10,000' },
  markdown: { min: 0, max: 1, initial: 0, text: '1: the tables as Markdown' },
  check: { min: 0, max: 1, initial: 0, text: '1: exit 1 when a bar is missed' },
} as const;

const about =
  'Measures how fast the page layer answers, against Node, Fastify, Redis and PostgreSQL themselves.';

/** The page's sizes, of which the plot is made. */
const ROWS = [25, 1_000, 10_000];

const PLOT = 'docs/bench.svg';

process.exitCode = await runCommand({ about, options: OPTIONS }, bench);

async function bench(run: Run<typeof OPTIONS>): Promise<number> {
  const { rows, seconds, rounds, markdown, check } = run.numbers;
  if (rows === 1) throw new UsageError('--rows must be at least 2: one is read while another is changed');
  if (skipWithoutRedis) throw new UsageError(`the bench starts a Redis: ${skipWithoutRedis}`);
  const format = formatted(markdown === 1);
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  const pinning = pin();
  const load = startLoad(run.scope);
  const outcomes: Outcome[] = [];
  for (const count of rows === 0 ? ROWS : [rows]) {
    const { outcome, machine } = await measureRows(count, { ...run, load, pinning });
    if (outcomes.length === 0)
      print(`${machine}\n${pinning.text}; ${rounds} rounds of ${seconds} s a case\n`);
    outcomes.push(outcome);
    for (const table of tablesOf(outcome)) print(format(table));
  }
  const bars = outcomes.flatMap(barsOf);
  print(format(barTable(bars)));
  if (rows === 0) await writePlot(outcomes);
  return check === 1 && bars.some(({ met }) => !met) ? 1 : 0;
}

interface RowsRun extends Run<typeof OPTIONS> {
  readonly load: Load;
  readonly pinning: Pinning;
}

/** Starts what is measured, measures it, and ends it. */
async function measureRows(rows: number, { numbers, scope, signal, load, pinning }: RowsRun) {
  const { rounds, seconds } = numbers;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const own = new Cleanup();
  scope.teardown(() => own.close()); // Should the run be interrupted.
  try {
    say(`${rows} rows: starting what is measured`);
    const setting = await openSetting(own, { rows, pinning });
    const machine = await machineOf(setting.urls);
    const how = { load, rounds, milliseconds: seconds * 1000, signal, say };
    return { machine, outcome: await measure(setting, casesOf(setting), how) };
  } finally {
    await own.close();
  }
}

async function writePlot(outcomes: readonly Outcome[]): Promise<void> {
  const path = join(packageRoot, PLOT);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, plotOf(outcomes));
  process.stderr.write(`wrote ${PLOT}\n`);
}
