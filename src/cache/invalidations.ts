import { setMaxListeners } from 'node:events';
import timers from 'node:timers/promises';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import type { CacheEvents, HeardOf, Origin } from './events.ts';
import type { Store, Tag } from './store.ts';

/** What an invalidation may take of a write's time. Milliseconds. */
const PATIENCE_MS = 100;

/** Between attempts, so that the cache works again within a second of the store's return. Milliseconds. */
const RETRY_MS = 250;

/** More tags than this at once are everything: so many commands would block this process. */
const MAX_TAGS = 1_000;

const RECONNECT: Origin = { cause: 'reconnect' };
const RETRY: Origin = { cause: 'retry' };

/**
 * Invalidation, which may be late but is never dropped, and whether the cache is to be trusted at all.
 *
 * - `invalidate` resolves after one attempt. If that failed at once, the caller still waits for 100 ms: the
 *   other instances hear of its committed write from PostgreSQL meanwhile, so that even a writer who is cut off
 *   from Redis is not answered before they know.
 * - After a failure this process neither reads nor fills the cache until everything has been invalidated, which it
 *   tries until it succeeds: the tokens in the store vouch for values that have changed. An attempt makes up for the
 *   failures that it began after, and for none that came meanwhile.
 * - `distrust` says that contact with a source of changes or of tokens was lost: nothing is read or filled until
 *   the same source's `trust`, which first invalidates everything.
 * - A source that is `watch`ed is distrusted whenever it cannot show that it is alive.
 */
export class Invalidations {
  readonly #store: Store;
  readonly #events: CacheEvents;
  readonly #everything: readonly Tag[];
  readonly #closing = new AbortController();
  readonly #doubts = new Map<string, symbol>();
  readonly #watched: (() => boolean)[] = [];
  readonly #heard = new Map<string, { readonly origin: HeardOf; readonly tags: Set<Tag> }>();
  /** How many attempts have failed, and how many of them a later one has made up for. */
  #failures = 0;
  #madeUpFor = 0;
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

  /**
   * True while the tokens in the store may vouch for values that have changed. Whoever is about to read asks it, so
   * what was heard in this turn is invalidated first: the connection that said it may have proved alive in it, too.
   */
  get doubtful(): boolean {
    if (this.#heard.size > 0) this.#invalidateHeard();
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
    await this.invalidate(this.#everything, RECONNECT);
    if (this.#doubts.get(source) === doubt) this.#doubts.delete(source); // Unless it was lost again meanwhile.
    this.#tell();
  }

  async invalidate(
    tags: readonly Tag[],
    origin: Origin | HeardOf = { cause: 'write', at: Date.now() },
  ): Promise<void> {
    if (tags.length === 0) return;
    const outcome = await this.#attempt(tags.length > MAX_TAGS ? this.#everything : tags, origin);
    if (outcome === 'done') return;
    this.#failures += 1;
    this.#tell();
    this.#retrying ??= this.#retry();
    if (outcome === 'failed') await this.#pause(PATIENCE_MS);
  }

  /**
   * A change that every instance hears of. What is heard in one turn of the event loop is invalidated together: a
   * transaction of many statements says all of them at once.
   */
  hear(tags: readonly Tag[], origin: HeardOf): void {
    if (this.#heard.size === 0) setImmediate(() => this.#invalidateHeard());
    const touched = this.#heard.get(origin.change) ?? { origin, tags: new Set() };
    for (const tag of tags) touched.tags.add(tag);
    this.#heard.set(origin.change, touched);
  }

  /** Ends the retries; entries that should have been invalidated are then left to the other instances. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#retrying;
  }

  get #unsettled(): boolean {
    return this.#doubts.size > 0 || this.#failures > this.#madeUpFor;
  }

  #invalidateHeard(): void {
    const heard = [...this.#heard.values()];
    this.#heard.clear();
    const count = heard.reduce((sum, { tags }) => sum + tags.size, 0);
    const [first] = heard;
    if (first && count > MAX_TAGS) {
      const { change: _, ...origin } = first.origin;
      void this.invalidate(this.#everything, origin);
    } else for (const { tags, origin } of heard) void this.invalidate([...tags], origin);
  }

  async #attempt(tags: readonly Tag[], origin: Origin | HeardOf): Promise<'done' | 'failed' | 'late'> {
    const change = 'change' in origin ? origin.change : undefined;
    try {
      await withDeadline(this.#store.invalidate(tags, change), PATIENCE_MS);
      this.#events.emit('invalidation', tags, origin);
      return 'done';
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#events.emit('pending', tags, error); // Else nobody can be told any more.
      return error instanceof DeadlineExceeded ? 'late' : 'failed';
    }
  }

  async #retry(): Promise<void> {
    while (this.#failures > this.#madeUpFor && !this.#closing.signal.aborted) {
      await this.#pause(RETRY_MS);
      const failures = this.#failures;
      if ((await this.#attempt(this.#everything, RETRY)) === 'done') this.#madeUpFor = failures;
    }
    this.#retrying = undefined;
    this.#tell();
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#closing;
    await timers.setTimeout(milliseconds, undefined, { signal }).catch(() => {});
  }

  #tell(): void {
    if (this.#told === this.#unsettled || this.#closing.signal.aborted) return;
    this.#told = this.#unsettled;
    this.#events.emit('doubt', this.#told);
  }
}
