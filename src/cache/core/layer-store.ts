import { DeadlineExceeded, withDeadline } from '../../platform/index.ts';
import type { Invalidations } from '../invalidation/invalidations.ts';
import type { Entry, Found, Large, Snapshot, Store, Tag, Tier } from '../stores/store.ts';
import type { CacheEvents, Layer } from '../telemetry/events.ts';
import type { Breaker } from './breaker.ts';
import { type Key, partsOf } from './key.ts';
import { SharedRuns } from './shared-runs.ts';
import { isFenced } from './token.ts';

/** How long fetching a large value may take, at any rate. Milliseconds. */
const FETCH_MS = 5_000;

/** How long a fill may take; no request waits for it. Milliseconds. */
const WRITE_MS = 30_000;

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
 * The store as one layer uses it: an operation that fails or is late is reported as an event, and has no result. The store
 * knows buckets; whether what it has there is the entry of a key is seen here.
 */
export class LayerStore {
  readonly #options: LayerStoreOptions;
  readonly #reads = new SharedRuns<Snapshot | undefined>();
  readonly #writing = new Map<string, Promise<unknown>>();
  /** In the order in which a lookup reads them. */
  readonly tiers: readonly Tier[];

  constructor(options: LayerStoreOptions) {
    this.#options = options;
    const { local, tier } = options.store;
    this.tiers = local && tier === 'shared' ? ['local', 'shared'] : [tier];
  }

  /** The entry that may be served without a round trip. */
  peekLocal(key: Key, tags: readonly Tag[], takes: (entry: Entry) => boolean): Entry | undefined {
    const entry = this.#options.store.local?.(this.#storeKey(key), tags);
    return entry && entry.identity === partsOf(key).identity && takes(entry) ? entry : undefined;
  }

  /** Undefined when the store does not answer or is not to be trusted: the caller then bypasses it. */
  async read(key: Key, tags: readonly Tag[]): Promise<Snapshot | undefined> {
    const { store, invalidations } = this.#options;
    const { epoch } = invalidations;
    const isTrusted = () => invalidations.admit() && invalidations.epoch === epoch;
    const read = await this.#reads.run(key, () =>
      this.#ask('read', () => store.read(this.#storeKey(key), tags)),
    );
    if (!read || !isTrusted()) return undefined;
    const snapshot = await this.#whole({ ...identifiedBy(key, read), tokens: read.tokens });
    return isTrusted() ? snapshot : undefined;
  }

  /** However old its tokens are. */
  async last(key: Key): Promise<{ readonly entry: Entry; readonly tier: Tier } | undefined> {
    const { store } = this.#options;
    const last = await this.#ask('read', () => store.last(this.#storeKey(key)));
    const { entry, large } = identifiedBy(key, last);
    const shared = entry ?? (large && (await this.#fetch(large)));
    if (last && shared) return { entry: shared, tier: last.tier };
    const local = identifiedBy(key, { entry: store.lastLocal?.(this.#storeKey(key)) }).entry;
    return local && { entry: local, tier: 'local' };
  }

  /** The claim is released afterwards, so that the next instance to get it finds the entry. */
  async write(key: Key, entry: Entry, seconds: number): Promise<void> {
    const { identity } = partsOf(key);
    const identified = identity === undefined ? entry : { ...entry, identity };
    const write = this.#options.store.write(this.#storeKey(key), identified, seconds);
    const writing = this.#attempt('write', write, WRITE_MS);
    this.#writing.set(key, writing);
    const kept = await writing;
    if (this.#writing.get(key) === writing) this.#writing.delete(key);
    if (kept !== undefined) for (const tier of this.tiers) this.emit(kept ? 'fill' : 'fenced', tier);
  }

  /** True if this caller, and no other in any process, has the claim for so many milliseconds; undefined if that is not known. */
  async claim(name: string, milliseconds: number): Promise<boolean | undefined> {
    const { claims } = this.#options.store;
    return claims && this.#ask('claim', () => claims.claim(name, milliseconds));
  }

  /** @param key its entry is written first, if it is being written */
  async release(name: string, key: Key): Promise<void> {
    await this.#writing.get(key);
    await this.#attempt('claim', this.#options.store.claims?.release(name), WRITE_MS);
  }

  emit(event: 'hit' | 'miss' | 'bypass' | 'wait' | 'fill' | 'fenced' | 'stale', tier: Tier): void {
    this.#options.events.emit(event, this.#options.layer, tier);
  }

  /** Sends a command for which a request waits; none while the breaker is open. */
  async #ask<T>(during: 'read' | 'claim', command: () => Promise<T>): Promise<T | undefined> {
    const { breaker, patience } = this.#options;
    if (breaker.open) return undefined;
    const answer = command().then((value) => {
      breaker.close();
      return value;
    });
    const late = (error: unknown) => {
      if (error instanceof DeadlineExceeded) breaker.trip();
    };
    return this.#attempt(during, answer, patience, late);
  }

  /** Fetches the value of a large entry only if the entry is not fenced; one that does not come in time is a miss. */
  async #whole(snapshot: Snapshot): Promise<Snapshot> {
    const { large, tokens } = snapshot;
    if (!large || isFenced(large, tokens)) return snapshot;
    return { entry: await this.#fetch(large), tokens };
  }

  /** Does not trip the breaker: a large value takes time on a store that is well. */
  async #fetch(large: Large): Promise<Entry | undefined> {
    return this.#attempt('read', large.fetch(this.#options.patience), FETCH_MS);
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

  #storeKey(key: Key): string {
    return `${this.#options.layer}:${partsOf(key).bucket}`;
  }
}

/** What was found, where it belongs to this key and not to another one in the same bucket. */
function identifiedBy(key: Key, { entry, large }: Found = { entry: undefined }): Found {
  const { identity } = partsOf(key);
  return {
    entry: entry?.identity === identity ? entry : undefined,
    large: large?.identity === identity ? large : undefined,
  };
}
