/** For how long a store that did not answer in time is not asked again. Milliseconds. */
const PAUSE_MS = 250;

/**
 * Opens when the store did not answer in time, so that one request in a while waits for a dead or slow store and
 * not each of them, once for its page and once more for the data behind it. It closes with the first answer in time.
 */
export class Breaker {
  readonly #turned: (open: boolean) => void;
  #tripped = false;
  #until = Number.NEGATIVE_INFINITY;

  /** `turned` is told once when it opens, however often it does before it closes, and once when that is over. */
  constructor(turned: (open: boolean) => void = () => {}) {
    this.#turned = turned;
  }

  get open(): boolean {
    return this.#tripped && performance.now() < this.#until;
  }

  trip(): void {
    this.#until = performance.now() + PAUSE_MS;
    this.#turn(true);
  }

  close(): void {
    this.#turn(false);
  }

  #turn(tripped: boolean): void {
    if (this.#tripped === tripped) return;
    this.#tripped = tripped;
    this.#turned(tripped);
  }
}
