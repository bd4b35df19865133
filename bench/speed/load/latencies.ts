import { createHistogram } from 'node:perf_hooks';
import type { Latency, Phase } from './job.ts';

const NS_PER_MS = 1e6;

/** How long requests took, by what happened meanwhile. */
export class Latencies {
  readonly #changes: { readonly at: number; readonly phase: Phase }[] = [];
  readonly #histograms = { quiet: histogram(), filling: histogram(), compressing: histogram() };

  /** From now on. */
  enter(phase: Phase): void {
    this.#changes.push({ at: performance.now(), phase });
  }

  /** A request that is over; it counts to the phase in which it began. */
  record(began: number): void {
    const milliseconds = performance.now() - began;
    const phase = this.#changes.findLast(({ at }) => at <= began)?.phase ?? 'quiet';
    this.#histograms[phase].record(Math.max(1, Math.round(milliseconds * NS_PER_MS)));
  }

  summary(): Record<Phase, Latency> {
    const { quiet, filling, compressing } = this.#histograms;
    return { quiet: latencyOf(quiet), filling: latencyOf(filling), compressing: latencyOf(compressing) };
  }
}

/** Three digits are told apart. */
const histogram = () => createHistogram({ figures: 3 });

function latencyOf(times: ReturnType<typeof histogram>): Latency {
  if (times.count === 0) return { requests: 0, p50: 0, p99: 0, max: 0 };
  const [p50, p99] = [times.percentile(50) / NS_PER_MS, times.percentile(99) / NS_PER_MS];
  return { requests: times.count, p50, p99, max: times.max / NS_PER_MS };
}
