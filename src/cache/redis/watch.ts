import { withDeadline } from '../../platform/index.ts';
import type { ServerSize, SharedServer, WindowCount } from '../stores/shared-server.ts';
import type { RedisConnection } from './client.ts';
import { sizeOf } from './statistics.ts';

/** What Redis may take to answer. Milliseconds. */
const ANSWER_MS = 1_000;

/** https://redis.io/docs/latest/commands/incr/#pattern-rate-limiter: the first of a window says when it ends. */
const COUNT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return { count, left }`;

/** Redis as the server behind the shared store. */
export class RedisWatch implements SharedServer {
  readonly kind = 'redis';
  readonly #connection: RedisConnection;
  #up = false;
  #size: ServerSize | null = null;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    connection.events.on('ready', () => {
      this.#up = true;
      void this.ask();
    });
    // Before the cache's own listener, so that `up` is false when the cache reports that it is bypassed.
    connection.events.prependListener('lost', () => {
      this.#up = false;
      this.#size = null;
    });
  }

  get up(): boolean {
    return this.#up;
  }

  /** Its last answer; null if there was none. */
  get size(): ServerSize | null {
    return this.#size;
  }

  async ask(): Promise<void> {
    this.#size = await withDeadline(sizeOf(this.#connection.client), ANSWER_MS).catch(() => null);
  }

  async count(name: string, windowMs: number): Promise<WindowCount> {
    const { client, keyspace } = this.#connection;
    const reply = await client.eval(COUNT, {
      keys: [keyspace.counter(name)],
      arguments: [String(windowMs)],
    });
    const [count, left] = [reply].flat().map(Number);
    return { count: Number(count), left: Number(left) };
  }
}
