export interface Settle<T> {
  resolve(result: T): void;
  reject(error: unknown): void;
}

/** One load at a time for a name: the first caller leads, the others wait for what it settles. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** What the leader of `name` will settle, or undefined when nobody leads. */
  join(name: string): Promise<T> | undefined {
    return this.#flights.get(name);
  }

  /** Makes the caller the leader: it must settle once, whatever happens. */
  lead(name: string): Settle<T> {
    const settle: Partial<Settle<T>> = {};
    const flight = new Promise<T>((resolve, reject) => Object.assign(settle, { resolve, reject }));
    this.#flights.set(name, flight);
    const land = () => this.#flights.delete(name);
    flight.then(land, land); // A failure with nobody waiting is the leader's own to report.
    return settle as Settle<T>; // A promise calls its executor at once.
  }
}
