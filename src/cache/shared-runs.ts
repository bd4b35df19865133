import { withDeadline } from './deadline.ts';
import { LEADER_MS } from './single-flight.ts';

/**
 * Runs that serve everybody who asked before they began, and nobody who asked later: of a thousand callers at
 * once the first gets one run and all the others share the next. What a caller gets is therefore never older
 * than its question, which needs no tokens to be sure of. Who waits for the next run trusts the one before it as long
 * as a leader.
 */
export class SharedRuns<T> {
  readonly #running = new Map<string, Promise<T>>();
  readonly #next = new Map<string, Promise<T>>();

  run(name: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(name);
    if (!running) return this.#start(name, work);
    const waiting = this.#next.get(name);
    if (waiting) return waiting;
    const over = withDeadline(running, LEADER_MS).then(ignore, ignore);
    const next = over.then(() => this.#startNext(name, work));
    this.#next.set(name, next);
    return next;
  }

  #startNext(name: string, work: () => Promise<T>): Promise<T> {
    this.#next.delete(name);
    return this.#start(name, work);
  }

  #start(name: string, work: () => Promise<T>): Promise<T> {
    const run = work().finally(() => {
      if (this.#running.get(name) === run) this.#running.delete(name);
    });
    this.#running.set(name, run);
    return run;
  }
}

function ignore(): void {}
