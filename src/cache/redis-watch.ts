import { withDeadline } from './deadline.ts';
import { type RedisConnection, type RedisSize, sizeOf } from './redis-connection.ts';

/** What Redis may take to answer. Milliseconds. */
const ANSWER_MS = 1_000;

/** What can be said of Redis: whether it answers, and how much it holds. */
export class RedisWatch {
  readonly #connection: RedisConnection;
  #up = false;
  #size: RedisSize | null = null;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    connection.events.on('ready', () => {
      this.#up = true;
      void this.ask();
    });
    // Before the cache, whose doubts are told at once: not that everything is bypassed, and only then why.
    connection.events.prependListener('lost', () => {
      this.#up = false;
      this.#size = null;
    });
  }

  get up(): boolean {
    return this.#up;
  }

  /** What it last said; null when that was nothing. */
  get size(): RedisSize | null {
    return this.#size;
  }

  async ask(): Promise<void> {
    this.#size = await withDeadline(sizeOf(this.#connection.client), ANSWER_MS).catch(() => null);
  }
}
