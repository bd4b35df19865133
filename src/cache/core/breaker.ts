/** For how long no command is sent to a store that did not answer in time. Milliseconds. */
const PAUSE_MS = 250;

/**
 * A circuit breaker: opens when the store did not answer in time, so that only one request in a while waits for a dead or slow
 * store, and not every request twice, for its page and for the data behind it. It closes with the first answer in time.
 */
export class Breaker {
  readonly #turned: (open: boolean) => void;
  #tripped = false;
  #until = Number.NEGATIVE_INFINITY;

  /** `turned` is called once when the breaker opens, however often it trips before it closes, and once when it closes. */
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
