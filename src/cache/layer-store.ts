import type { Breaker } from './breaker.ts';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import type { CacheEvents, Layer } from './events.ts';
import type { Invalidations } from './invalidations.ts';
import { SharedRuns } from './shared-runs.ts';
import type { Entry, Last, Snapshot, Store, Tag, Tier } from './store.ts';

/** What a fill may take; no request waits for it. Milliseconds. */
const WRITE_MS = 5_000;

export interface LayerStoreOptions {
  readonly layer: Layer;
  readonly store: Store;
  readonly invalidations: Invalidations;
  readonly breaker: Breaker;
  readonly events: CacheEvents;
  /** What a request may wait for one answer of the store. Milliseconds. */
  readonly patience: number;
}

/**
 * The store as one layer sees it: what fails or is late is told of and is no answer. A key is a place and, after a
 * space, whose it is: many keys may share one place, where the last entry stays. It is nobody's but its own key's.
 */
export class LayerStore {
  readonly #options: LayerStoreOptions;
  readonly #reads = new SharedRuns<Snapshot | undefined>();
  /** In the order in which they are asked. */
  readonly tiers: readonly Tier[];

  constructor(options: LayerStoreOptions) {
    this.#options = options;
    const { local, tier } = options.store;
    this.tiers = local && tier === 'shared' ? ['local', 'shared'] : [tier];
  }

  /** What may be served with no question asked. */
  near(key: string, tags: readonly Tag[], takes: (entry: Entry) => boolean): Entry | undefined {
    const entry = this.#options.store.local?.(this.#place(key), tags);
    return entry && entry.owner === ownerIn(key) && takes(entry) ? entry : undefined;
  }

  /** Undefined when the store is not to be asked or trusted: the caller then bypasses it. */
  async read(key: string, tags: readonly Tag[]): Promise<Snapshot | undefined> {
    const { store, invalidations } = this.#options;
    const { epoch } = invalidations;
    const snapshot = await this.#reads.run(key, () =>
      this.#ask('read', () => store.read(this.#place(key), tags)),
    );
    if (!snapshot || invalidations.doubtful || invalidations.epoch !== epoch) return undefined;
    const { entry, tokens } = snapshot;
    return entry && entry.owner !== ownerIn(key) ? { entry: undefined, tokens } : snapshot;
  }

  /** However old its tokens are. */
  async last(key: string): Promise<Last | undefined> {
    const { store } = this.#options;
    const asked = await this.#ask('read', () => store.last(this.#place(key)));
    const last = asked ?? store.lastLocal?.(this.#place(key));
    return last && last.entry.owner === ownerIn(key) ? last : undefined;
  }

  /** Begun before its claim is released, on the same connection: the next one finds it. */
  async write(key: string, entry: Entry, seconds: number): Promise<void> {
    const owner = ownerIn(key);
    const owned = owner === undefined ? entry : { ...entry, owner };
    const write = this.#options.store.write(this.#place(key), owned, seconds);
    const kept = await this.#attempt('write', write, WRITE_MS);
    if (kept !== undefined) for (const tier of this.tiers) this.emit(kept ? 'fill' : 'fenced', tier);
  }

  /** Whether nobody else in any process claims the name for so many milliseconds; undefined when that is not known. */
  async claim(name: string, milliseconds: number): Promise<boolean | undefined> {
    const { claims } = this.#options.store;
    return claims && this.#ask('claim', () => claims.claim(name, milliseconds));
  }

  release(name: string): void {
    void this.#attempt('claim', this.#options.store.claims?.release(name), WRITE_MS);
  }

  emit(event: 'hit' | 'miss' | 'bypass' | 'wait' | 'fill' | 'fenced' | 'stale', tier: Tier): void {
    this.#options.events.emit(event, this.#options.layer, tier);
  }

  /** Asks the store while a request waits; not at all if it lately did not answer in time. */
  async #ask<T>(during: 'read' | 'claim', question: () => Promise<T>): Promise<T | undefined> {
    const { breaker, patience } = this.#options;
    if (breaker.open) return undefined;
    const answer = question().then((value) => {
      breaker.close();
      return value;
    });
    const late = (error: unknown) => {
      if (error instanceof DeadlineExceeded) breaker.trip();
    };
    return this.#attempt(during, answer, patience, late);
  }

  async #attempt<T>(
    during: 'read' | 'write' | 'claim',
    work: Promise<T> | undefined,
    milliseconds: number,
    failed: (error: unknown) => void = () => {},
  ): Promise<T | undefined> {
    try {
      return await (work && withDeadline(work, milliseconds));
    } catch (error) {
      const { events, layer, store } = this.#options;
      events.emit('failure', layer, store.tier, during, error);
      failed(error);
      return undefined;
    }
  }

  #place(key: string): string {
    const end = key.indexOf(' ');
    return `${this.#options.layer}:${end === -1 ? key : key.slice(0, end)}`;
  }
}

function ownerIn(key: string): string | undefined {
  const end = key.indexOf(' ');
  return end === -1 ? undefined : key.slice(end + 1);
}
