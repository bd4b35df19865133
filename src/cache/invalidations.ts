import { setMaxListeners } from 'node:events';
import timers from 'node:timers/promises';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import type { CacheEvents } from './events.ts';
import type { Store, Tag } from './store.ts';

/** What an invalidation may take of a write's time. Milliseconds. */
const PATIENCE_MS = 100;

/** How many failed invalidations are remembered one by one. */
const MAX_FAILED = 1_000;

/** Between attempts, so that the cache works again within a second of the store's return. Milliseconds. */
const RETRY_MS = 250;

/**
 * Invalidation, which may be late but is never dropped, and whether the cache is to be trusted at all.
 *
 * - `invalidate` resolves after one attempt. If that failed at once, the caller still waits for 100 ms: the
 *   other instances hear of its committed write from PostgreSQL meanwhile, so that even a writer who is cut off
 *   from Redis is not answered before they know.
 * - What failed is tried again until it succeeds, and until then this process neither reads nor fills the cache:
 *   the tokens in the store vouch for values that have changed.
 * - Of too many that failed it remembers only that: `everything` stands for them all.
 * - An attempt clears only the batches that it began with: one that failed meanwhile stays pending, because
 *   its change may be younger than what was just invalidated.
 * - `distrust` says that contact with a source of changes or of tokens was lost: nothing is read or filled until
 *   the same source's `trust`, which first invalidates everything.
 * - A source that is `watch`ed is distrusted whenever it cannot show that it is alive.
 */
export class Invalidations {
  readonly #store: Store;
  readonly #events: CacheEvents;
  readonly #everything: readonly Tag[];
  readonly #failed = new Set<readonly Tag[]>();
  readonly #closing = new AbortController();
  readonly #doubts = new Map<string, symbol>();
  readonly #watched: (() => boolean)[] = [];
  #retrying: Promise<void> | undefined;
  #told = false;
  #epoch = 0;

  /** `everything`: tags of which every entry has one. */
  constructor(store: Store, events: CacheEvents, everything: readonly Tag[]) {
    this.#store = store;
    this.#events = events;
    this.#everything = everything;
    setMaxListeners(0, this.#closing.signal); // One for each writer that waits.
  }

  /** True while the tokens in the store may vouch for values that have changed. */
  get doubtful(): boolean {
    return this.#unsettled || !this.#watched.every((isAlive) => isAlive());
  }

  /** Another number after every loss: what was asked before it must not be used after it. */
  get epoch(): number {
    return this.#epoch;
  }

  watch(isAlive: () => boolean): void {
    this.#watched.push(isAlive);
  }

  distrust(source: string): void {
    this.#epoch += 1;
    this.#doubts.set(source, Symbol(source));
    this.#tell();
  }

  async trust(source: string): Promise<void> {
    const doubt = this.#doubts.get(source);
    await this.invalidate(this.#everything);
    if (this.#doubts.get(source) === doubt) this.#doubts.delete(source); // Unless it was lost again meanwhile.
    this.#tell();
  }

  async invalidate(tags: readonly Tag[], change?: string): Promise<void> {
    if (tags.length === 0) return;
    const outcome = await this.#attempt(tags, change);
    if (outcome === 'done') return;
    if (this.#failed.size >= MAX_FAILED) {
      this.#failed.clear();
      this.#failed.add(this.#everything);
    }
    this.#failed.add(tags);
    this.#tell();
    this.#retrying ??= this.#retry();
    if (outcome === 'failed') await this.#pause(PATIENCE_MS);
  }

  /** Ends the retries; entries that should have been invalidated are then left to the other instances. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#retrying;
  }

  get #unsettled(): boolean {
    return this.#doubts.size > 0 || this.#failed.size > 0;
  }

  async #attempt(tags: readonly Tag[], change?: string): Promise<'done' | 'failed' | 'late'> {
    try {
      await withDeadline(this.#store.invalidate(tags, change), PATIENCE_MS);
      this.#events.emit('invalidation', tags, 'here');
      return 'done';
    } catch (error) {
      this.#events.emit('pending', tags, error);
      return error instanceof DeadlineExceeded ? 'late' : 'failed';
    }
  }

  async #retry(): Promise<void> {
    while (this.#failed.size > 0 && !this.#closing.signal.aborted) {
      await this.#pause(RETRY_MS);
      const batches = [...this.#failed];
      if ((await this.#attempt([...new Set(batches.flat())])) === 'done') {
        for (const batch of batches) this.#failed.delete(batch);
      }
    }
    this.#retrying = undefined;
    this.#tell();
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#closing;
    await timers.setTimeout(milliseconds, undefined, { signal }).catch(() => {});
  }

  #tell(): void {
    if (this.#told === this.#unsettled) return;
    this.#told = this.#unsettled;
    this.#events.emit('doubt', this.#told);
  }
}
