import { formatTable, thousands } from '../table.ts';
import type { Health } from './health.ts';
import type { Outcome } from './load/job.ts';

/** What was measured of one kind of request. */
export interface Measured {
  readonly name: string;
  readonly peak: Outcome;
  readonly overload: Outcome;
  readonly after: Outcome;
  readonly health: Health;
}

/** What has to hold: of the goodput at the peak, and of the time after the load has ended. Milliseconds. */
const SHARE = 0.8;
const RECOVERY_MS = 1_000;

const ofSecond = (count: number, { seconds }: Outcome): number => count / seconds;
const goodput = (outcome: Outcome): number => ofSecond(outcome.good, outcome);
const shareOf = ({ peak, overload }: Measured): number => goodput(overload) / goodput(peak);

export function isMet(measured: Measured): boolean {
  const { health, after } = measured;
  return shareOf(measured) >= SHARE && health.failures === 0 && after.recoveredAfter <= RECOVERY_MS;
}

/** The round whose share of the peak is the middle one, with the answers of the health routes in all of them. */
export function middle(rounds: readonly Measured[]): Measured {
  const sorted = rounds.toSorted((a, b) => shareOf(a) - shareOf(b));
  const found = sorted[(sorted.length - 1) >> 1];
  if (!found) throw new Error('there is no round');
  const times = rounds.flatMap(({ health }) => health.times);
  const failures = rounds.reduce((sum, { health }) => sum + health.failures, 0);
  return { ...found, health: { times, failures } };
}

/** One column for each kind of request. */
export function formatReport(all: readonly Measured[]): string {
  const row = (name: string, figure: (measured: Measured) => string) => [name, ...all.map(figure)];
  const rate = (figure: number) => `${thousands(figure)}/s`;
  const ms = (figure: number) => (Number.isNaN(figure) ? '–' : `${figure.toFixed(1)} ms`);
  const percent = (figure: number) => `${(100 * figure).toFixed(0)} %`;
  return formatTable(
    ['', ...all.map(({ name }) => name)],
    [
      row('peak: good answers', ({ peak }) => rate(goodput(peak))),
      row('  p50, p99', ({ peak }) => `${ms(peak.p50)}, ${ms(peak.p99)}`),
      row('overload: due', ({ overload }) => rate(ofSecond(overload.due, overload))),
      row('  sent', ({ overload }) => rate(ofSecond(overload.sent, overload))),
      row('  good answers', ({ overload }) => rate(goodput(overload))),
      row('  of the peak', (measured) => percent(shareOf(measured))),
      row('  p50, p99 from when due', ({ overload }) => `${ms(overload.p50)}, ${ms(overload.p99)}`),
      row('  answered 503', ({ overload }) => rate(ofSecond(overload.shed, overload))),
      row('  answered too late', ({ overload }) => rate(ofSecond(overload.late, overload))),
      row('  other failures', ({ overload }) => String(overload.failed)),
      row('  load busy', ({ overload }) => percent(overload.busy)),
      row('  health routes: p99', ({ health }) => ms(p99(health.times))),
      row('  health routes: failures', ({ health }) => `${health.failures} of ${health.times.length}`),
      row('afterwards: good answers', ({ after }) => `${((100 * after.good) / after.due).toFixed(1)} %`),
      row('  all good after', ({ after }) => `${after.recoveredAfter} ms`),
      row('held', (measured) => (isMet(measured) ? 'yes' : 'NO')),
    ],
  );
}

function p99(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
