import type { Tag } from '../stores/store.ts';
import type { CacheEvents, NotifiedOrigin, Origin } from '../telemetry/events.ts';
import { Attempts, type AttemptsOptions } from './attempts.ts';
import { MAX_TAGS, NotifiedChanges } from './notified-changes.ts';
import { Trust } from './trust.ts';

const RECONNECT: Origin = { cause: 'reconnect' };

/**
 * Invalidation, and whether the cache may be used at all. Three jobs, each in a file of its own:
 *
 * - attempts.ts takes the tokens away, and tries until it succeeds;
 * - notified-changes.ts collects what PostgreSQL notified of, to be invalidated together;
 * - trust.ts knows whether a source of changes or of tokens was lost.
 *
 * While an attempt has failed or a source is lost, this process neither reads nor fills the cache: the tokens in the store
 * may vouch for values that have changed. A source that is back is trusted when everything has been invalidated. `doubtful`
 * changes nothing; a read from the cache begins with `admit`.
 */
export class Invalidations {
  readonly #events: CacheEvents;
  readonly #everything: readonly Tag[];
  readonly #attempts: Attempts;
  readonly #trust = new Trust();
  readonly #notified: NotifiedChanges;
  #reported = false;

  constructor(options: AttemptsOptions) {
    this.#events = options.events;
    this.#everything = options.everything;
    this.#attempts = new Attempts(options, (why) => this.#report(why));
    this.#notified = new NotifiedChanges((tags, origin) => {
      void this.#invalidate(tags === 'everything' ? this.#everything : tags, origin);
    });
  }

  /** True while the tokens in the store may vouch for values that have changed. */
  get doubtful(): boolean {
    return this.#unsettled || !this.#trust.isAlive;
  }

  /**
   * Whether the cache may be read now. What was notified in this turn of the event loop is invalidated first: the
   * connection that said it may have proved alive in the same turn.
   */
  admit(): boolean {
    this.#notified.flush();
    return !this.doubtful;
  }

  /** Another number after every loss: what was read before a loss must not be used after it. */
  get epoch(): number {
    return this.#trust.epoch;
  }

  /** A source that is lost whenever it cannot show that it is alive. */
  watch(isAlive: () => boolean): void {
    this.#trust.watch(isAlive);
  }

  /** Contact with `source` was lost: nothing is read or filled until it is trusted again. */
  distrust(source: string): void {
    this.#trust.lose(source);
    this.#report(source);
  }

  async trust(source: string): Promise<void> {
    await this.#trust.regain(source, () => this.#invalidate(this.#everything, RECONNECT));
    this.#report();
  }

  /** Resolves after one attempt; what failed is made up for later. Never rejects. */
  async invalidate(tags: readonly Tag[], origin: Origin = { cause: 'write', at: Date.now() }): Promise<void> {
    await this.#invalidate(tags, origin);
  }

  /** A change that every instance is notified of: the first one that shares the store invalidates. */
  invalidateNotified(tags: readonly Tag[], origin: NotifiedOrigin): void {
    this.#notified.add(tags, origin);
  }

  /** Ends the retries; entries that should have been invalidated are then left to the other instances. */
  close(): Promise<void> {
    return this.#attempts.close();
  }

  get #unsettled(): boolean {
    return this.#trust.isBroken || this.#attempts.hasFailed;
  }

  async #invalidate(tags: readonly Tag[], origin: Origin | NotifiedOrigin): Promise<void> {
    if (tags.length === 0) return;
    await this.#attempts.invalidate(tags.length > MAX_TAGS ? this.#everything : tags, origin);
  }

  #report(why?: unknown): void {
    if (this.#reported === this.#unsettled || this.#attempts.isClosed) return;
    this.#reported = this.#unsettled;
    this.#events.emit('doubt', this.#reported, why);
  }
}
