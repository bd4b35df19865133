import { LRUCache } from 'lru-cache';
import type { Entry } from './store.ts';

/** What an entry takes besides its bytes: its key, its tokens and the objects that hold them. */
const ENTRY_OVERHEAD_BYTES = 1_024;

/** Entries in this process's memory, bounded in bytes: the least recently used go first. */
export class BoundedEntries {
  readonly #entries: LRUCache<string, Entry>;

  constructor(maxBytes: number) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (entry) => entry.value.body.byteLength + ENTRY_OVERHEAD_BYTES,
    });
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
  }
}
