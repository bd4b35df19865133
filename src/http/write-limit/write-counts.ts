import { LRUCache } from 'lru-cache';
import { Breaker, type SharedServer } from '../../cache/index.ts';
import { withDeadline } from '../../platform/index.ts';

/** How many writes a client has made, including this one, and for how many milliseconds they still count. */
export interface Count {
  current: number;
  ttl: number;
}

interface Window {
  count: number;
  /** A time of `performance.now()`. */
  readonly end: number;
}

/** Clients that are counted at once in this process: a client with ever new addresses must not fill its memory. */
const MAX_CLIENTS = 10_000;

/** What a write waits for the shared server to count it. Milliseconds. */
const PATIENCE_MS = 50;

/**
 * The writes of each client in its current window, as @fastify/rate-limit wants them: counted in the shared server, so that
 * all instances count together, and in this process too. That is what holds while the server does not answer.
 */
export class WriteCounts {
  readonly #shared: Pick<SharedServer, 'count'> | undefined;
  readonly #patienceMs: number;
  readonly #own = new LRUCache<string, Window>({ max: MAX_CLIENTS });
  readonly #breaker = new Breaker();

  constructor(shared?: Pick<SharedServer, 'count'>, patienceMs = PATIENCE_MS) {
    this.#shared = shared;
    this.#patienceMs = patienceMs;
  }

  incr(client: string, done: (error: null, count: Count) => void, milliseconds: number): void {
    void this.#count(client, milliseconds).then((count) => done(null, count));
  }

  /** One count for all routes. */
  child(): this {
    return this;
  }

  async #count(client: string, milliseconds: number): Promise<Count> {
    const own = this.#countHere(client, milliseconds);
    if (!this.#shared || this.#breaker.open) return own;
    try {
      const counting = this.#shared.count(`writes:${client}`, milliseconds);
      const { count, left } = await withDeadline(counting, this.#patienceMs);
      this.#breaker.close();
      return { current: count, ttl: left };
    } catch {
      this.#breaker.trip();
      return own;
    }
  }

  #countHere(client: string, milliseconds: number): Count {
    const now = performance.now();
    let window = this.#own.get(client);
    if (!window || window.end <= now) {
      window = { count: 0, end: now + milliseconds };
      this.#own.set(client, window);
    }
    window.count += 1;
    return { current: window.count, ttl: window.end - now };
  }
}
