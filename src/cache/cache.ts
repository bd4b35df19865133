import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineExceeded } from './deadline.ts';
import { LayerStore, type LayerStoreOptions } from './layer-store.ts';
import {
  collapsed,
  type Fill,
  type Lookup,
  type LookupOptions,
  miss,
  type Question,
  validIn,
} from './lookup.ts';
import { SharedRuns } from './shared-runs.ts';
import { LEADER_MS, type Leadership, type SingleFlight } from './single-flight.ts';
import type { Entry, Snapshot, Tag, Tier, Value } from './store.ts';
import { fingerprint, isFresh } from './token.ts';

/**
 * The read path of a layer. Its invariants:
 *
 * 1. Tokens are read before the value is loaded, and stored with it. An entry is served only while each of
 *    them is current, so a load that began before an invalidation stores what nobody will ever be served.
 * 2. A caller joins another's load only when both saw the same tokens: every write that was acknowledged
 *    before the caller came had been invalidated before that load began.
 * 3. Reads of the store, and loads past it, are shared only with callers who came before they began.
 * 4. Whoever leads settles its flight, by `Fill.settle` or `Fill.fail`. Nobody waits for it longer than its time:
 *    then one of those who wait takes over.
 * 5. The store never makes a request fail or wait longer than its deadline: it is bypassed instead.
 * 6. Only what expired may be served old, and only while somebody refreshes it, to callers who said that they take
 *    it; never what was invalidated.
 */

/** Between two looks at whether another instance has filled. Milliseconds. */
const POLL_MS = 20;

/** A larger value is handed to those who wait for it, and not kept. Bytes. */
export const MAX_VALUE_BYTES = 32 * 1024 * 1024;

export interface CacheOptions extends LayerStoreOptions {
  readonly flights: SingleFlight<Entry | undefined>;
  /** Seconds past its TTL for which an entry is kept as the last known answer. */
  readonly staleIfError: number;
  readonly now: () => number;
}

export class Cache {
  readonly #options: CacheOptions;
  readonly #store: LayerStore;
  readonly #loads = new SharedRuns<Value | undefined>();

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#store = new LayerStore(options);
  }

  /** Seconds past its TTL for which an entry may be served as the last known answer. */
  get staleIfError(): number {
    return this.#options.staleIfError;
  }

  /**
   * The value under `key`, or what `load` makes of it, loaded once for all who ask at the same time. What it makes
   * nothing of is nobody's to wait for, and not kept.
   */
  async get<V extends Value | undefined>(
    key: string,
    { tags, ttl }: { tags: readonly Tag[]; ttl: number },
    load: () => Promise<V>,
  ): Promise<V | Value> {
    const found = await this.lookup(key, tags);
    if (found.outcome === 'hit') return found.entry.value;
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

  /**
   * Looks an entry up; after a miss the caller is the leader, unless it said otherwise, and others may wait for its
   * `fill`. Rejects only with the error of the load that it waited for.
   */
  async lookup(key: string, tags: readonly Tag[], options: LookupOptions = {}): Promise<Lookup> {
    const { store, invalidations } = this.#options;
    const { lead = 'for all', takes = this.#isFresh, whileRefreshing = () => true } = options;
    if (invalidations.doubtful) return this.#bypass(this.#store.tiers);
    const near = this.#store.near(key, tags, takes);
    if (near) return this.#hit(near, 'local');
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

  /** Whether the store keeps entries in this process's memory. */
  get hasMemory(): boolean {
    return this.#options.store.local !== undefined;
  }

  /** What can be served with no question asked. Nothing is counted: whoever serves it says so, with `hit`. */
  near(key: string, tags: readonly Tag[], takes = this.#isFresh): Entry | undefined {
    return this.#options.invalidations.doubtful ? undefined : this.#store.near(key, tags, takes);
  }

  /** What the store has that can be served. Nobody leads, nobody waits, nothing is counted. */
  async peek(key: string, tags: readonly Tag[], takes = this.#isFresh): Promise<Entry | undefined> {
    if (this.#options.invalidations.doubtful) return undefined;
    const snapshot = await this.#store.read(key, tags);
    const entry = snapshot && validIn(snapshot);
    return entry && takes(entry) ? entry : undefined;
  }

  /** Counts what `near` or `peek` found and was served: of the local tier, or of the one that the store asks. */
  hit(tier: Tier = this.#options.store.tier): void {
    this.#store.emit('hit', tier);
  }

  /**
   * Keeps an entry, `past` its ttl for so many seconds as the last known answer. Says whether it will be kept, as
   * far as is known at once: not if it is too large. No request waits for it.
   */
  keep(key: string, entry: Entry, past = this.#options.staleIfError): boolean {
    const seconds = Math.ceil(entry.ttl + past);
    if (seconds <= 0 || entry.value.body.byteLength > MAX_VALUE_BYTES) return false;
    void this.#store.write(key, entry, seconds);
    return true;
  }

  /**
   * The last known answer, for when a load fails: possibly invalidated or expired, also while the cache is not
   * to be trusted. Undefined with `staleIfError` 0.
   */
  async lastKnown(key: string): Promise<Entry | undefined> {
    const { staleIfError, now } = this.#options;
    if (staleIfError === 0) return undefined;
    const last = await this.#store.last(key);
    if (!last || !isFresh(last.entry, now(), staleIfError)) return undefined;
    this.#store.emit('stale', last.tier);
    return last.entry;
  }

  async #joinOrLead(question: Question, snapshot: Snapshot): Promise<Lookup> {
    const { flights, layer } = this.#options;
    const { key, tags, takes, whileRefreshing } = question;
    const name = `${layer}:${key}:${fingerprint(snapshot.tokens)}`;
    for (;;) {
      const flight = flights.join(name);
      const landed = flight ? undefined : this.#store.near(key, tags, takes);
      if (landed) return collapsed(landed);
      if (!flight) return this.#lead(name, question, snapshot);
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

  async #lead(name: string, question: Question, snapshot: Snapshot): Promise<Lookup> {
    const { flights } = this.#options;
    const { takes, whileRefreshing } = question;
    const flight = flights.lead(name);
    const latest = await this.#claim(name, question, snapshot);
    const entry = validIn(latest);
    if (entry && !latest.claimed && (takes(entry) || whileRefreshing(entry))) {
      flight.resolve(entry);
      return takes(entry) ? collapsed(entry) : this.#refreshing(entry);
    }
    const leadership = {
      resolve: (filled: Entry | undefined) => {
        flight.resolve(filled);
        this.#store.release(name);
      },
      reject: (error: unknown) => {
        flight.reject(error);
        this.#store.release(name);
      },
    };
    return miss(latest, this.#fill(latest, leadership));
  }

  /**
   * Waits until this instance may load (`claimed`), or another one has filled. With the claim, behind it on the same
   * connection, it looks again: whoever filled just before is seen. While another instance refreshes an expired entry nobody waits.
   */
  async #claim(name: string, question: Question, snapshot: Snapshot): Promise<Claimed> {
    const { key, tags, takes, whileRefreshing } = question;
    if (!this.#options.store.claims) return { ...snapshot, claimed: true };
    for (let turn = 0; turn < LEADER_MS / POLL_MS; turn += 1, await delay(POLL_MS)) {
      const claiming = this.#store.claim(name, LEADER_MS);
      const [claimed, latest] = await Promise.all([claiming, this.#store.read(key, tags)]);
      if (claimed === undefined || !latest) break;
      const entry = validIn(latest);
      if (entry && takes(entry)) {
        if (claimed) this.#store.release(name);
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

  /** Served although it expired: nothing is known to have changed, and somebody is about to know. */
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
