import { LRUCache } from 'lru-cache';
import { isFenced, newToken } from '../core/token.ts';
import { BoundedEntries } from './bounded-entries.ts';
import type { Entry, Last, MemoryUsage, Snapshot, Store, Tag, Token } from './store.ts';

/** Tags whose tokens are remembered; one that was forgotten gets a new token, which only costs a fill. */
const MAX_TOKENS = 65_536;

/** This process's memory as a store: the only tier when there is no shared one. */
export class MemoryStore implements Store {
  readonly tier = 'local';
  readonly #entries: BoundedEntries;
  /** Counted as a size, because `max` would reserve room for all of them at once. */
  readonly #tokens = new LRUCache<Tag, Token>({ maxSize: MAX_TOKENS, sizeCalculation: () => 1 });

  constructor(maxBytes: number) {
    this.#entries = new BoundedEntries(maxBytes);
  }

  local(key: string, tags: readonly Tag[]): Entry | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    for (const tag of tags) if (this.#tokens.get(tag) !== entry.tokens[tag]) return undefined;
    return entry;
  }

  async read(key: string, tags: readonly Tag[]): Promise<Snapshot> {
    const entry = this.#entries.get(key);
    return { entry, tokens: Object.fromEntries(tags.map((tag) => [tag, this.#token(tag)])) };
  }

  async last(key: string): Promise<Last | undefined> {
    const entry = this.#entries.get(key);
    return entry && { entry, tier: this.tier };
  }

  async write(key: string, entry: Entry): Promise<boolean> {
    const tags = Object.keys(entry.tokens);
    if (isFenced(entry, Object.fromEntries(tags.map((tag) => [tag, this.#token(tag)])))) return false;
    this.#entries.set(key, entry);
    return true;
  }

  async invalidate(tags: readonly Tag[]): Promise<void> {
    for (const tag of tags) this.#tokens.delete(tag);
  }

  memory(): MemoryUsage {
    return this.#entries.usage();
  }

  #token(tag: Tag): Token {
    const known = this.#tokens.get(tag);
    if (known) return known;
    const token = newToken();
    this.#tokens.set(tag, token);
    return token;
  }
}
