import { setMaxListeners } from 'node:events';
import timers from 'node:timers/promises';
import { DeadlineExceeded, withDeadline } from '../../platform/index.ts';
import type { Store, Tag } from '../stores/store.ts';
import type { CacheEvents, NotifiedOrigin, Origin } from '../telemetry/events.ts';

/** What an attempt may take of a write's time. Milliseconds. */
const PATIENCE_MS = 100;

/** The pause before the second attempt, doubled before each further one. Milliseconds. */
const FIRST_RETRY_MS = 250;

/** The longest pause, so that the cache works again within a second of the store's return. Milliseconds. */
const MAX_RETRY_MS = 1_000;

const RETRY: Origin = { cause: 'retry' };

export interface AttemptsOptions {
  readonly store: Store;
  readonly events: CacheEvents;
  /** Tags of which every entry has one. */
  readonly everything: readonly Tag[];
  /** What one attempt may take. Milliseconds. */
  readonly patience?: number | undefined;
}

/**
 * Attempts to invalidate, which may be late but are never dropped. After an attempt that failed, everything is invalidated, and
 * that is tried until it succeeds. An attempt that invalidates everything makes up for the failures before it began, and not
 * for those that came meanwhile.
 */
export class Attempts {
  readonly #store: Store;
  readonly #events: CacheEvents;
  readonly #everything: readonly Tag[];
  readonly #patience: number;
  readonly #settled: (why?: unknown) => void;
  readonly #closing = new AbortController();
  /** How many attempts have failed, and how many of them a later one has made up for. */
  #failures = 0;
  #madeUpFor = 0;
  #retrying: Promise<void> | undefined;

  /** @param settled is called after a failure, with its error, and when all failures are made up for */
  constructor(
    { store, events, everything, patience = PATIENCE_MS }: AttemptsOptions,
    settled: (why?: unknown) => void,
  ) {
    this.#store = store;
    this.#events = events;
    this.#everything = everything;
    this.#patience = patience;
    this.#settled = settled;
    setMaxListeners(0, this.#closing.signal); // One for each writer that waits.
  }

  /** Whether an attempt has failed, and nothing has made up for it yet. */
  get hasFailed(): boolean {
    return this.#failures > this.#madeUpFor;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Resolves after one attempt. If that failed at once, the caller still waits for 100 ms: meanwhile PostgreSQL notifies the
   * other instances of the committed write, so that even a write on an instance that is cut off from the shared store is not answered
   * before they know of it.
   */
  async invalidate(tags: readonly Tag[], origin: Origin | NotifiedOrigin): Promise<void> {
    const failure = await this.#attempt(tags, origin);
    if (!failure) return;
    this.#failures += 1;
    this.#settled(failure.error);
    this.#retrying ??= this.#retry();
    if (!(failure.error instanceof DeadlineExceeded)) await this.#pause(PATIENCE_MS);
  }

  /** Ends the retries; entries that should have been invalidated are then left to the other instances. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#retrying;
  }

  async #attempt(
    tags: readonly Tag[],
    origin: Origin | NotifiedOrigin,
  ): Promise<{ readonly error: unknown } | undefined> {
    const change = 'change' in origin ? origin.change : undefined;
    const failures = this.#failures;
    try {
      await withDeadline(this.#store.invalidate(tags, change), this.#patience);
      this.#events.emit('invalidation', tags, origin);
      if (tags === this.#everything) this.#madeUpFor = Math.max(this.#madeUpFor, failures);
      return undefined;
    } catch (error) {
      if (!this.isClosed) this.#events.emit('pending', tags, error); // After `close` nothing listens any more.
      return { error };
    }
  }

  async #retry(): Promise<void> {
    let pause = FIRST_RETRY_MS;
    while (this.hasFailed && !this.isClosed) {
      await this.#pause(pause);
      pause = Math.min(2 * pause, MAX_RETRY_MS);
      if (this.hasFailed) await this.#attempt(this.#everything, RETRY);
    }
    this.#retrying = undefined;
    this.#settled();
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#closing;
    await timers.setTimeout(milliseconds, undefined, { signal }).catch(() => {});
  }
}
