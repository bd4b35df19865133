import type { Scope } from './scope.ts';

/** The `Scope` of a run outside tap: what was started last is ended first. */
export class Cleanup implements Scope {
  readonly #steps: (() => unknown)[] = [];
  #closed = false;

  /** Adds what to end; after the end it is ended at once. */
  teardown(step: () => unknown): void {
    if (this.#closed) void Promise.resolve(step()).catch(() => {});
    else this.#steps.push(step);
  }

  /** Takes every step, also after one that failed: what can be ended is ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch {} // It had ended before.
    }
  }
}
