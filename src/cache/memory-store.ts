import { LRUCache } from 'lru-cache';
import type { Entry, KeyspaceFigures, Snapshot, Store, Tag, Token } from './store.ts';
import { newToken } from './token.ts';

/** Tags whose tokens are remembered; one that was forgotten gets a new token, which only costs a fill. */
const MAX_TOKENS = 65_536;

/** What an entry takes besides its bytes: its key, its tokens and the objects that hold them. */
const ENTRY_OVERHEAD_BYTES = 512;

/** This process's memory as a store, bounded in bytes: the only tier when there is no Redis. */
export class MemoryStore implements Store {
  readonly #entries: LRUCache<string, Entry>;
  /** Counted as a size, because `max` would reserve room for all of them at once. */
  readonly #tokens = new LRUCache<Tag, Token>({ maxSize: MAX_TOKENS, sizeCalculation: () => 1 });
  #hits = 0;
  #misses = 0;

  constructor(maxBytes: number, now: () => number = Date.now) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (entry) => entry.value.body.byteLength + ENTRY_OVERHEAD_BYTES,
      ttlResolution: 0,
      perf: { now },
    });
  }

  async read(key: string, tags: readonly Tag[]): Promise<Snapshot> {
    const entry = this.#entries.get(key);
    if (entry) this.#hits += 1;
    else this.#misses += 1;
    return { entry, tokens: Object.fromEntries(tags.map((tag) => [tag, this.#token(tag)])) };
  }

  async write(key: string, entry: Entry, seconds: number): Promise<void> {
    this.#entries.set(key, entry, { ttl: seconds * 1000 });
  }

  async invalidate(tags: readonly Tag[]): Promise<void> {
    for (const tag of tags) this.#tokens.set(tag, newToken());
  }

  async keyspace(): Promise<KeyspaceFigures> {
    return { hits: this.#hits, misses: this.#misses };
  }

  #token(tag: Tag): Token {
    const known = this.#tokens.get(tag);
    if (known) return known;
    const token = newToken();
    this.#tokens.set(tag, token);
    return token;
  }
}
