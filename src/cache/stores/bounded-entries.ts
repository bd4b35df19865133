import { LRUCache } from 'lru-cache';
import type { Entry, MemoryUsage } from './store.ts';

/** What an entry takes besides its body, its head and its key: its tokens and the objects that hold all of them. */
const ENTRY_OVERHEAD_BYTES = 1_024;

/** Entries in this process's memory, bounded in bytes: the least recently used go first. */
export class BoundedEntries {
  readonly #entries: LRUCache<string, Entry>;

  constructor(maxBytes: number) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ value }, key) =>
        value.body.byteLength + lengthOf(value.head) + key.length + ENTRY_OVERHEAD_BYTES,
    });
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
  }

  usage(): MemoryUsage {
    return { entries: this.#entries.size, bytes: this.#entries.calculatedSize };
  }
}

/** The length of the head as text, twice: what is parsed of it is kept as well. */
function lengthOf(head: Entry['value']['head']): number {
  let length = 0;
  for (const [name, value] of Object.entries(head)) length += 2 * (name.length + value.length);
  return length;
}
