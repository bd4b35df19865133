import { withDeadline } from '../../platform/index.ts';
import { LEADER_MS } from './single-flight.ts';

/**
 * Runs of some work that are shared by the callers that came before the run began, and by none that came later: of a thousand
 * callers at once the first gets one run and all the others share the next. So a result is never older than the call,
 * without any tokens. The next run begins when the one before it has ended, or has taken longer than a leader may.
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
