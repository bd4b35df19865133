import { LRUCache } from 'lru-cache';
import { Breaker } from '../../cache/breaker.ts';
import { withDeadline } from '../../cache/deadline.ts';
import type { RedisClient } from '../../cache/redis-connection.ts';

/** How many writes a client has made, this one with them, and for how many milliseconds they still count. */
export interface Count {
  current: number;
  ttl: number;
}

interface Window {
  count: number;
  /** A time of `performance.now()`. */
  readonly end: number;
}

/** Clients that are counted at once in this process: who comes from ever new addresses must not fill its memory. */
const MAX_CLIENTS = 10_000;

/** What a write waits for Redis to count it. Milliseconds. */
const PATIENCE_MS = 50;

const keyOf = (client: string): string => `property-listings:writes:${client}`;

/** https://redis.io/docs/latest/commands/incr/#pattern-rate-limiter: the first of a window says when it ends. */
const COUNT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return { count, left }`;

/**
 * The writes of each client in its current window, as @fastify/rate-limit wants them: counted in Redis, so that all
 * instances count together, and in this process too. That is what holds while Redis does not answer.
 */
export class WriteCounts {
  readonly #redis: (() => RedisClient) | undefined;
  readonly #own = new LRUCache<string, Window>({ max: MAX_CLIENTS });
  readonly #breaker = new Breaker();

  constructor(redis?: () => RedisClient) {
    this.#redis = redis;
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
    if (!this.#redis || this.#breaker.open) return own;
    try {
      const there = await withDeadline(this.#countThere(this.#redis(), client, milliseconds), PATIENCE_MS);
      this.#breaker.close();
      return there;
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

  async #countThere(redis: RedisClient, client: string, milliseconds: number): Promise<Count> {
    const reply = await redis.eval(COUNT, { keys: [keyOf(client)], arguments: [String(milliseconds)] });
    const [current, ttl] = [reply].flat().map(Number);
    return { current: Number(current), ttl: Number(ttl) };
  }
}
