import { createHistogram } from 'node:perf_hooks';
import type { Outcome } from './job.ts';

/** What is answered later than this is of no use. Milliseconds. */
const GOOD_MS = 1_000;

/** Over which a load has recovered or not, and the share that is good then. Milliseconds. */
const SLICE_MS = 100;
const RECOVERED = 0.99;

const NS_PER_MS = 1e6;

interface Slice {
  due: number;
  good: number;
}

/** Counts what becomes of requests, by when they were due: times are milliseconds since the beginning. */
export class Tally {
  readonly #times = createHistogram({ figures: 3 });
  readonly #slices: Slice[] = [];
  readonly #cpu = process.cpuUsage();
  #due = 0;
  #sent = 0;
  #good = 0;
  #shed = 0;
  #late = 0;
  #failed = 0;

  due(at: number): void {
    this.#due += 1;
    this.#sliceAt(at).due += 1;
  }

  sent(): void {
    this.#sent += 1;
  }

  answered(status: number, due: number, now: number): void {
    if (status >= 200 && status < 300 && now - due <= GOOD_MS) {
      this.#good += 1;
      this.#sliceAt(due).good += 1;
      this.#times.record(Math.max(1, Math.round((now - due) * NS_PER_MS)));
    } else if (status === 503) this.#shed += 1;
    else if (status < 300) this.#late += 1;
    else this.#failed += 1;
  }

  failed(): void {
    this.#failed += 1;
  }

  outcome(seconds: number): Outcome {
    const { user, system } = process.cpuUsage(this.#cpu);
    const time = (percentile: number) =>
      this.#good === 0 ? Number.NaN : this.#times.percentile(percentile) / NS_PER_MS;
    const last = this.#slices.findLastIndex(({ due, good }) => good < due * RECOVERED);
    return {
      seconds,
      due: this.#due,
      sent: this.#sent,
      good: this.#good,
      shed: this.#shed,
      late: this.#late,
      failed: this.#failed,
      p50: time(50),
      p99: time(99),
      recoveredAfter: (last + 1) * SLICE_MS,
      busy: (user + system) / 1e6 / seconds,
    };
  }

  #sliceAt(at: number): Slice {
    const index = Math.floor(at / SLICE_MS);
    while (this.#slices.length <= index) this.#slices.push({ due: 0, good: 0 });
    return this.#slices[index] as Slice; // There is one now.
  }
}
