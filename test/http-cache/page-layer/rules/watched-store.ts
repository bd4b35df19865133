import { MemoryStore } from '../../../../src/cache/stores/memory-store.ts';
import type { Entry } from '../../../../src/cache/stores/store.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** A store in memory that says under which keys it was given entries. */
export class WatchedStore extends MemoryStore {
  readonly keys = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor() {
    super(MAX_BYTES);
  }

  override async write(key: string, entry: Entry): Promise<boolean> {
    const kept = await super.write(key, entry);
    this.keys.add(key);
    this.#waiting.get(key)?.();
    return kept;
  }

  /** Resolves when an entry has been written under `key`. */
  written(key: string): Promise<void> {
    if (this.keys.has(key)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(key, resolve));
  }
}
