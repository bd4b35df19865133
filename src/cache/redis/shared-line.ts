import { withDeadline } from '../../platform/index.ts';

/** What one batch should take: with less the next one is larger, with more it is smaller. Milliseconds. */
const QUICK_MS = 25;
const SLOW_MS = 60;

/** Commands in a batch: the first number and the least (a slow batch may be this process's own fault), and the most. */
const MIN_BATCH = 4;
const MAX_BATCH = 32;

/**
 * A connection that small commands share with the long transfers of large entries. Each transfer is many commands, which are
 * sent in batches, one batch at a time of all transfers: a small command waits for one batch at most, and how long a batch
 * takes is measured and bounded.
 */
export class SharedLine {
  #last: Promise<unknown> = Promise.resolve();
  #batch = MIN_BATCH;

  /**
   * The answers of `commands`, in their order. A caller that stops iterating ends the transfer.
   *
   * @param limit the deadline of the next answer, after so many: milliseconds from the beginning of the transfer
   * @throws DeadlineExceeded when it has not; what was sent may still be done
   */
  async *transfer<T>(
    commands: readonly (() => Promise<T>)[],
    limit: (answered: number) => number,
  ): AsyncGenerator<T> {
    const began = performance.now();
    for (let answered = 0; answered < commands.length; ) {
      const milliseconds = Math.ceil(began + limit(answered) - performance.now());
      const answers = await this.#turn(commands.slice(answered, answered + MAX_BATCH), milliseconds);
      answered += answers.length;
      yield* answers;
    }
  }

  async #turn<T>(commands: readonly (() => Promise<T>)[], milliseconds: number): Promise<T[]> {
    let isOver = false;
    const turn = this.#last.then(() => (isOver ? [] : this.#send(commands)));
    this.#last = turn.catch(() => {}); // It is the caller's to report.
    try {
      return await withDeadline(turn, milliseconds);
    } finally {
      isOver = true;
    }
  }

  async #send<T>(commands: readonly (() => Promise<T>)[]): Promise<T[]> {
    const began = performance.now();
    const answers = await Promise.all(commands.slice(0, this.#batch).map((send) => send()));
    const took = performance.now() - began;
    if (took < QUICK_MS) this.#batch = Math.min(2 * this.#batch, MAX_BATCH);
    if (took > SLOW_MS) this.#batch = Math.max(this.#batch / 2, MIN_BATCH);
    return answers;
  }
}
