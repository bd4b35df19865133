import { DeadlineExceeded } from './deadline.ts';

/** How long those who wait trust a leader before one of them takes over. Milliseconds. */
export const LEADER_MS = 3_000;

/** What a leader owes to those who wait: the result, or the error. */
export interface Leadership<T> {
  resolve(result: T): void;
  reject(error: unknown): void;
}

/** One load at a time for a name: the first caller leads, the others wait for what it settles. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /**
   * What the leader of `name` settles, or undefined when nobody leads. Rejects with DeadlineExceeded when the
   * leader has had its time: then there is none, and whoever joins next has to lead.
   */
  join(name: string): Promise<T> | undefined {
    return this.#flights.get(name);
  }

  /** Makes the caller the leader: it must settle once, whatever happens. */
  lead(name: string): Leadership<T> {
    const leadership: Partial<Leadership<T>> = {};
    const flight = new Promise<T>((resolve, reject) => Object.assign(leadership, { resolve, reject }));
    const late = () => leadership.reject?.(new DeadlineExceeded(LEADER_MS));
    const timer = setTimeout(late, LEADER_MS).unref();
    this.#flights.set(name, flight);
    const land = () => {
      clearTimeout(timer);
      this.#flights.delete(name);
    };
    flight.then(land, land); // A failure with nobody waiting is the leader's own to report.
    return leadership as Leadership<T>; // A promise calls its executor at once.
  }
}
