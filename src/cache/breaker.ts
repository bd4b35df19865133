/** For how long a store that did not answer in time is not asked again. Milliseconds. */
const PAUSE_MS = 250;

/**
 * Opens when the store did not answer in time, so that one request in a while waits for a dead or slow store and
 * not each of them, once for its page and once more for the data behind it.
 */
export class Breaker {
  #until = Number.NEGATIVE_INFINITY;

  get open(): boolean {
    return performance.now() < this.#until;
  }

  trip(): void {
    this.#until = performance.now() + PAUSE_MS;
  }
}
