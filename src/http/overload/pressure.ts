import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** The time over which the delay of the event loop is averaged. Milliseconds. */
const SAMPLE_MS = 250;

/** How often the delay of the event loop is measured. Milliseconds. */
const RESOLUTION_MS = 10;

/** How much of the memory that V8 may take may be in use. */
const MAX_HEAP_SHARE = 0.9;

const NS_PER_MS = 1e6;

/** The measurements of a process. */
export interface Sample {
  /** How late the event loop was on average. Milliseconds. */
  readonly delayMs: number;
  /** The share of the memory that V8 may take, from 0 to 1. */
  readonly heapShare: number;
}

/** Whether this process has more to do than it can do in time, by the latest sample. */
export class Pressure {
  readonly #maxDelayMs: number;
  readonly #take: () => Sample;
  #isHigh = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxDelayMs how late the event loop may be on average */
  constructor(maxDelayMs: number, take: () => Sample = sampler()) {
    this.#maxDelayMs = maxDelayMs;
    this.#take = take;
  }

  get isHigh(): boolean {
    return this.#isHigh;
  }

  /** Begins to measure. What came before, such as the start of the process, is not load. */
  start(): void {
    this.#take();
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  sample(): void {
    const { delayMs, heapShare } = this.#take();
    this.#isHigh = delayMs > this.#maxDelayMs || heapShare > MAX_HEAP_SHARE;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#isHigh = false;
  }
}

/** Makes a function that measures the time since its last call. */
function sampler(): () => Sample {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let before = performance.now();
  return () => {
    const now = performance.now();
    // While timers follow each other without a turn of the loop, nothing is recorded: all of that is its delay.
    const betweenTurns = histogram.count > 0 ? histogram.mean / NS_PER_MS : now - before;
    before = now;
    histogram.reset();
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    return { delayMs: betweenTurns - RESOLUTION_MS, heapShare: used_heap_size / heap_size_limit };
  };
}
