import timers from 'node:timers/promises';
import { withDeadline } from './deadline.ts';
import type { CacheEvents } from './events.ts';
import type { Store, Tag } from './store.ts';

/** What one attempt may take of a write's time. Milliseconds. */
const ATTEMPT_MS = 100;

/** Between attempts, so that the cache works again within a second of the store's return. Milliseconds. */
const RETRY_MS = 250;

/**
 * Invalidation, which may be late but is never dropped.
 *
 * - `invalidate` resolves after one attempt, made or failed: a committed write is acknowledged either way.
 * - What failed is tried again until it succeeds, and until then this process neither
 *   reads nor fills the cache: the tokens in the store vouch for values that have changed.
 * - An attempt clears only the batches that it began with: one that failed meanwhile stays pending, because
 *   its change may be younger than the tokens just given.
 * - `distrust` says that contact with a source of changes or of tokens was lost: nothing is read or filled until
 *   the same source's `trust`, which first gives the tags of everything that may have changed new tokens.
 */
export class Invalidations {
  readonly #store: Store;
  readonly #events: CacheEvents;
  readonly #failed = new Set<readonly Tag[]>();
  readonly #closing = new AbortController();
  readonly #doubts = new Map<string, symbol>();
  #retrying: Promise<void> | undefined;

  constructor(store: Store, events: CacheEvents) {
    this.#store = store;
    this.#events = events;
  }

  /** True while the tokens in the store may vouch for values that have changed. */
  get doubtful(): boolean {
    return this.#doubts.size > 0 || this.#failed.size > 0;
  }

  distrust(source: string): void {
    this.#doubts.set(source, Symbol(source));
  }

  async trust(source: string, tags: readonly Tag[]): Promise<void> {
    const doubt = this.#doubts.get(source);
    await this.invalidate(tags);
    if (this.#doubts.get(source) === doubt) this.#doubts.delete(source); // Unless it was lost again meanwhile.
  }

  async invalidate(tags: readonly Tag[]): Promise<void> {
    if (tags.length === 0 || (await this.#attempt(tags))) return;
    this.#failed.add(tags);
    this.#retrying ??= this.#retry();
  }

  /** Ends the retries; entries that should have been invalidated are then left to the other instances. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#retrying;
  }

  async #attempt(tags: readonly Tag[]): Promise<boolean> {
    try {
      await withDeadline(this.#store.invalidate(tags), ATTEMPT_MS);
      this.#events.emit('invalidation', tags);
      return true;
    } catch (error) {
      this.#events.emit('failure', 'invalidation', error);
      return false;
    }
  }

  async #retry(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#failed.size > 0 && !signal.aborted) {
      await timers.setTimeout(RETRY_MS, undefined, { signal }).catch(() => {});
      const batches = [...this.#failed];
      if (await this.#attempt([...new Set(batches.flat())])) {
        for (const batch of batches) this.#failed.delete(batch);
      }
    }
    this.#retrying = undefined;
  }
}
