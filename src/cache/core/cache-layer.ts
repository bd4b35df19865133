import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineExceeded } from '../../platform/index.ts';
import {
  type Entry,
  MAX_VALUE_BYTES,
  type Snapshot,
  type Tag,
  type Tier,
  type Value,
} from '../stores/store.ts';
import type { EntryCache, EntryOptions } from './cache.ts';
import type { Key } from './key.ts';
import { LayerStore, type LayerStoreOptions } from './layer-store.ts';
import {
  collapsed,
  type Fill,
  type Lookup,
  type LookupOptions,
  type LookupTarget,
  miss,
  validIn,
} from './lookup.ts';
import { SharedRuns } from './shared-runs.ts';
import type { Leadership, SingleFlight } from './single-flight.ts';
import { fingerprint, isFresh } from './token.ts';

/**
 * The read path of a layer. Its invariants:
 *
 * 1. Tokens are read before the value is loaded, and stored with it. An entry is served only while each of
 *    them is current, so a load that began before an invalidation stores an entry that is never served.
 * 2. A caller joins another's load only when both saw the same tokens: every write that was acknowledged
 *    before the caller came had been invalidated before that load began.
 * 3. Reads of the store, and loads that bypass it, are shared only with callers that came before they began.
 * 4. A leader settles its flight, by `Fill.settle` or `Fill.fail`. Waiters wait no longer than a leader's time: then one of
 *    them takes over.
 * 5. The store never makes a request fail or wait longer than its deadline: it is bypassed instead. A large entry is
 *    fetched only when nothing but its value is wanting; one that comes too slowly is no entry, so that what is loaded
 *    instead, with tokens that were read before, takes its place.
 * 6. An expired entry may be served while a leader refreshes it, to callers that take one; an invalidated entry never is.
 */

/** Between two reads that look for the fill of another instance. Milliseconds. */
const POLL_MS = 20;

export interface CacheLayerOptions extends LayerStoreOptions {
  readonly flights: SingleFlight<Entry | undefined>;
  /** Seconds past its TTL for which an entry is kept as the last known answer. */
  readonly staleIfError: number;
  readonly now: () => number;
}

/** One layer of the cache: pages, or data. */
export class CacheLayer implements EntryCache {
  readonly #options: CacheLayerOptions;
  readonly #store: LayerStore;
  readonly #loads = new SharedRuns<Value | undefined>();

  constructor(options: CacheLayerOptions) {
    this.#options = options;
    this.#store = new LayerStore(options);
  }

  get staleIfError(): number {
    return this.#options.staleIfError;
  }

  async get<V extends Value | undefined>(
    key: Key,
    { tags, ttl }: EntryOptions,
    load: () => Promise<V>,
  ): Promise<V | Value> {
    const found = await this.lookup(key, tags);
    if (found.outcome === 'hit') return found.entry.value;
    // The loads of one key are of one type, which their map does not know.
    if (found.outcome === 'bypass' || !found.fill) return this.#loads.run(key, load) as Promise<V>;
    try {
      const value = await load();
      const entry = value && found.fill.entry(value, ttl);
      if (entry) this.keep(key, entry);
      found.fill.settle(entry);
      return value;
    } catch (error) {
      found.fill.fail(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  async lookup(key: Key, tags: readonly Tag[], options: LookupOptions = {}): Promise<Lookup> {
    const { store } = this.#options;
    const { lead = 'for all', takes = this.#isFresh, whileRefreshing = () => true } = options;
    if (!this.#options.invalidations.admit()) return this.#bypass(this.#store.tiers);
    const local = this.#store.peekLocal(key, tags, takes);
    if (local) return this.#hit(local, 'local');
    if (this.#store.tiers.length > 1) this.#store.emit('miss', 'local');

    const snapshot = await this.#store.read(key, tags);
    if (!snapshot) return this.#bypass([store.tier]);
    const entry = validIn(snapshot);
    if (entry && takes(entry)) return this.#hit(entry, store.tier);
    this.#store.emit('miss', store.tier);
    if (lead === 'never') return miss(snapshot, undefined);
    if (lead === 'alone') return miss(snapshot, this.#fill(snapshot));
    return this.#joinOrLead({ key, tags, takes, whileRefreshing }, snapshot);
  }

  get hasMemory(): boolean {
    return this.#options.store.local !== undefined;
  }

  peekLocal(key: Key, tags: readonly Tag[], takes = this.#isFresh): Entry | undefined {
    return this.#options.invalidations.admit() ? this.#store.peekLocal(key, tags, takes) : undefined;
  }

  async peek(key: Key, tags: readonly Tag[], takes = this.#isFresh): Promise<Entry | undefined> {
    if (!this.#options.invalidations.admit()) return undefined;
    const snapshot = await this.#store.read(key, tags);
    const entry = snapshot && validIn(snapshot);
    return entry && takes(entry) ? entry : undefined;
  }

  hit(tier: Tier = this.#options.store.tier): void {
    this.#store.emit('hit', tier);
  }

  keep(key: Key, entry: Entry, past = this.#options.staleIfError): boolean {
    const seconds = Math.ceil(entry.ttl + past);
    if (seconds <= 0 || entry.value.body.byteLength > MAX_VALUE_BYTES) return false;
    void this.#store.write(key, entry, seconds);
    return true;
  }

  async lastKnown(key: Key): Promise<Entry | undefined> {
    const { staleIfError, now } = this.#options;
    if (staleIfError === 0) return undefined;
    const last = await this.#store.last(key);
    if (!last || !isFresh(last.entry, now(), staleIfError)) return undefined;
    this.#store.emit('stale', last.tier);
    return last.entry;
  }

  invalidate(tags: readonly Tag[]): Promise<void> {
    return this.#options.invalidations.invalidate(tags);
  }

  async #joinOrLead(target: LookupTarget, snapshot: Snapshot): Promise<Lookup> {
    const { flights, layer } = this.#options;
    const { key, tags, takes, whileRefreshing } = target;
    const name = `${layer}:${key}:${fingerprint(snapshot.tokens)}`;
    for (;;) {
      const flight = flights.join(name);
      const landed = flight ? undefined : this.#store.peekLocal(key, tags, takes);
      if (landed) return collapsed(landed);
      if (!flight) return this.#lead(name, target, snapshot);
      const expired = validIn(snapshot);
      if (expired && whileRefreshing(expired)) return this.#refreshing(expired);
      this.#store.emit('wait', 'local');
      try {
        const entry = await flight;
        return entry && takes(entry) ? collapsed(entry) : miss(snapshot, this.#fill(snapshot));
      } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
      }
    }
  }

  async #lead(name: string, target: LookupTarget, snapshot: Snapshot): Promise<Lookup> {
    const { flights } = this.#options;
    const { key, takes, whileRefreshing } = target;
    const flight = flights.lead(name);
    const latest = await this.#claim(name, target, snapshot);
    const entry = validIn(latest);
    if (entry && !latest.claimed && (takes(entry) || whileRefreshing(entry))) {
      flight.resolve(entry);
      return takes(entry) ? collapsed(entry) : this.#refreshing(entry);
    }
    const leadership = {
      resolve: (filled: Entry | undefined) => {
        flight.resolve(filled);
        void this.#store.release(name, key);
      },
      reject: (error: unknown) => {
        flight.reject(error);
        void this.#store.release(name, key);
      },
    };
    return miss(latest, this.#fill(latest, leadership));
  }

  /**
   * Waits until this instance may load (`claimed`), or another one has filled. The entry is read
   * again with the claim, behind it on the same connection, so that a fill from just before is seen. While another instance
   * refreshes an expired entry, that is served and this one does not wait.
   */
  async #claim(name: string, target: LookupTarget, snapshot: Snapshot): Promise<Claimed> {
    const { key, tags, takes, whileRefreshing } = target;
    const { leaderMs } = this.#options.flights;
    if (!this.#options.store.claims) return { ...snapshot, claimed: true };
    for (let turn = 0; turn < leaderMs / POLL_MS; turn += 1, await delay(POLL_MS)) {
      const claiming = this.#store.claim(name, leaderMs);
      const [claimed, latest] = await Promise.all([claiming, this.#store.read(key, tags)]);
      if (claimed === undefined || !latest) break;
      const entry = validIn(latest);
      if (entry && takes(entry)) {
        if (claimed) void this.#store.release(name, key);
        return { ...latest, claimed: false };
      }
      if (claimed || (entry && whileRefreshing(entry))) return { ...latest, claimed };
      if (turn === 0) this.#store.emit('wait', 'shared');
    }
    return { ...snapshot, claimed: true };
  }

  #hit(entry: Entry, tier: Tier): Lookup {
    this.#store.emit('hit', tier);
    return { outcome: 'hit', entry, collapsed: false };
  }

  #bypass(tiers: readonly Tier[]): Lookup {
    for (const tier of tiers) this.#store.emit('bypass', tier);
    return { outcome: 'bypass' };
  }

  /** Serves an expired entry: no change is known, and another caller is refreshing it. */
  #refreshing(entry: Entry): Lookup {
    this.#store.emit('stale', this.#options.store.tier);
    return { outcome: 'hit', entry, collapsed: false };
  }

  #fill({ tokens }: Snapshot, leadership?: Leadership<Entry | undefined>): Fill {
    let flight = leadership;
    const land = () => {
      const landing = flight;
      flight = undefined;
      return landing;
    };
    return {
      entry: (value, ttl) => ({ value, tokens, ttl, storedAt: this.#options.now() }),
      settle: (entry) => land()?.resolve(entry),
      fail: (error) => land()?.reject(error),
    };
  }

  readonly #isFresh = (entry: Entry): boolean => isFresh(entry, this.#options.now());
}

type Claimed = Snapshot & { readonly claimed: boolean };
