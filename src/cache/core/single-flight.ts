import { DeadlineExceeded } from '../../platform/index.ts';

/** How long waiters wait for a leader before one of them takes over. Milliseconds. */
export const LEADER_MS = 3_000;

/** What a leader has to call once: with the result for the waiters, or with the error. */
export interface Leadership<T> {
  resolve(result: T): void;
  reject(error: unknown): void;
}

/** One load at a time for a name: the first caller leads, the others are waiters, which get what it settles. */
export class SingleFlight<T> {
  /** How long waiters wait for a leader. Milliseconds. */
  readonly leaderMs: number;
  readonly #flights = new Map<string, Promise<T>>();

  constructor(leaderMs = LEADER_MS) {
    this.leaderMs = leaderMs;
  }

  /**
   * What the leader of `name` settles, or undefined when there is no leader. Rejects with DeadlineExceeded when the
   * leader has had its time: then there is none, and the next caller has to lead.
   */
  join(name: string): Promise<T> | undefined {
    return this.#flights.get(name);
  }

  /** Makes the caller the leader: it must settle once, whatever happens. */
  lead(name: string): Leadership<T> {
    const leadership: Partial<Leadership<T>> = {};
    const flight = new Promise<T>((resolve, reject) => Object.assign(leadership, { resolve, reject }));
    const late = () => leadership.reject?.(new DeadlineExceeded(this.leaderMs));
    const timer = setTimeout(late, this.leaderMs).unref();
    this.#flights.set(name, flight);
    const land = () => {
      clearTimeout(timer);
      this.#flights.delete(name);
    };
    flight.then(land, land); // Without waiters a failure is not unhandled: the leader reports it.
    return leadership as Leadership<T>; // A promise calls its executor at once.
  }
}
