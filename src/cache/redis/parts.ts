import { LRUCache } from 'lru-cache';
import { DeadlineExceeded } from '../../platform/index.ts';
import { type BufferClient, type RedisClient, withBuffers } from './client.ts';
import type { Elsewhere } from './entry-codec.ts';
import type { Keyspace } from './keyspace.ts';
import { SharedLine } from './shared-line.ts';

/** What one key of Redis holds of a large value. Bytes. */
export const PART_BYTES = 32 * 1024;

/** How many times the patience for a command parts may take: to make the value anew would take longer. */
const PATIENCE = 5;

/** The least rate: a slower fetch takes longer than to load the value from PostgreSQL. Bytes per millisecond. */
const LEAST_RATE = 5_000;

/** What a write of all parts may take; no request waits for it. Milliseconds. */
const WRITE_MS = 30_000;

/** For how long a value that was too slow is not fetched again. Milliseconds. */
const TOO_SLOW_MS = 5_000;

/** Keys that are remembered as too slow at once. */
const MAX_SLOW = 1_000;

/** Between two checks whether the value that is being written is still current. Parts. */
const LOOK_EVERY = 32;

interface Writing {
  readonly elsewhere: Elsewhere;
  readonly body: Buffer;
  readonly seconds: number;
  /** Whether no tag of the value has been invalidated. */
  isCurrent(): Promise<boolean>;
}

/**
 * The values of large entries, in many keys of Redis: so that no command is long, no two need a common slot of a
 * cluster, and small commands on the same connection never wait for more than a few parts. Each write has parts of its
 * own, so that a value is never made of two, and one that is being fetched stays as it is while another is written.
 */
export class RedisParts {
  readonly #client: RedisClient;
  readonly #keyspace: Keyspace;
  readonly #buffers: BufferClient;
  readonly #line = new SharedLine();
  readonly #fetching = new Map<string, Promise<Buffer | undefined>>();
  readonly #slow = new LRUCache<string, true>({ max: MAX_SLOW, ttl: TOO_SLOW_MS });

  constructor(client: RedisClient, keyspace: Keyspace) {
    this.#client = client;
    this.#keyspace = keyspace;
    this.#buffers = withBuffers(client);
  }

  /**
   * The value, fetched once for all callers at the same time; undefined if a part of it is gone, or if the value of `key`
   * was too slow to fetch just now. Rejects when it is too slow.
   */
  async fetch(key: string, elsewhere: Elsewhere, patience: number): Promise<Buffer | undefined> {
    const { id } = elsewhere;
    const running = this.#fetching.get(id);
    if (running) return running;
    if (this.#slow.has(key)) return undefined;
    const fetching = this.#fetch(elsewhere, PATIENCE * patience).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, fetching);
    return fetching.catch((error) => {
      if (error instanceof DeadlineExceeded) this.#slow.set(key, true);
      throw error;
    });
  }

  async remove(elsewhere: Elsewhere): Promise<void> {
    const commands = this.#partsOf(elsewhere).map((part) => () => this.#client.del(part));
    for await (const _ of this.#line.transfer(commands, () => WRITE_MS));
  }

  /** False as soon as it is seen that no request will be served the value: the rest of it is not written then. */
  async write({ elsewhere, body, seconds, isCurrent }: Writing): Promise<boolean> {
    const expiration = { type: 'EX', value: seconds } as const;
    const commands = this.#partsOf(elsewhere).map((part, index) => async () => {
      const bytes = body.subarray(index * PART_BYTES, (index + 1) * PART_BYTES);
      const written = this.#client.set(part, bytes, { expiration });
      const [isStillCurrent] = await Promise.all([index % LOOK_EVERY === 0 ? isCurrent() : true, written]);
      return isStillCurrent;
    });
    for await (const isStillCurrent of this.#line.transfer(commands, () => WRITE_MS))
      if (!isStillCurrent) return false;
    return isCurrent();
  }

  async #fetch(elsewhere: Elsewhere, patience: number): Promise<Buffer | undefined> {
    const commands = this.#partsOf(elsewhere).map((part) => () => this.#buffers.get(part));
    const limit = (parts: number) => patience + (parts * PART_BYTES) / LEAST_RATE;
    const body = Buffer.allocUnsafeSlow(elsewhere.bytes);
    let end = 0;
    for await (const part of this.#line.transfer(commands, limit)) {
      if (!part) return undefined;
      end += part.copy(body, end);
    }
    return end === body.byteLength ? body : undefined;
  }

  #partsOf({ id, bytes }: Elsewhere): string[] {
    const count = Math.ceil(bytes / PART_BYTES);
    return Array.from({ length: count }, (_, index) => this.#keyspace.part(id, index));
  }
}
