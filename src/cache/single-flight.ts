/** One load at a time for a name: the first caller leads, the others wait for what it settles. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** What the leader of `name` will settle, or undefined when nobody leads. */
  join(name: string): Promise<T> | undefined {
    return this.#flights.get(name);
  }

  /** Makes the caller the leader: it must call `resolve` or `reject` once, whatever happens. */
  lead(name: string): { resolve(result: T): void; reject(error: unknown): void } {
    let settle: { resolve(result: T): void; reject(error: unknown): void } | undefined;
    const flight = new Promise<T>((resolve, reject) => {
      settle = { resolve, reject };
    }).finally(() => this.#flights.delete(name));
    flight.catch(() => {}); // A failure with nobody waiting is the leader's own to report.
    this.#flights.set(name, flight);
    if (!settle) throw new Error('a promise runs its executor at once');
    return settle;
  }
}
