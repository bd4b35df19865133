import { setTimeout as delay } from 'node:timers/promises';
import type { Breaker } from './breaker.ts';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import type { CacheEvents, Layer } from './events.ts';
import type { Invalidations } from './invalidations.ts';
import { SharedRuns } from './shared-runs.ts';
import { LEADER_MS, type Leadership, type SingleFlight } from './single-flight.ts';
import type { Entry, Snapshot, Store, Tag, Tier, Value } from './store.ts';
import { fingerprint, isFenced, isFresh } from './token.ts';

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
 * 6. A key is a place and, after a space, whose it is: many keys may share one place, where the last entry stays. It is
 *    nobody's but its own key's.
 * 7. Only what expired may be served old, and only while somebody refreshes it, to callers who said that they take
 *    it; never what was invalidated.
 */

/** What a fill may take; no request waits for it. Milliseconds. */
const WRITE_MS = 5_000;

/** Between two looks at whether another instance has filled. Milliseconds. */
const POLL_MS = 20;

/** A larger value is handed to those who wait for it, and not kept. Bytes. */
export const MAX_VALUE_BYTES = 32 * 1024 * 1024;

export type Lookup =
  /** `collapsed`: it was loaded by another request, while this one waited. */
  | { readonly outcome: 'hit'; readonly entry: Entry; readonly collapsed: boolean }
  | Miss
  | { readonly outcome: 'bypass' };

export interface Miss {
  readonly outcome: 'miss';
  readonly fill: Fill | undefined;
  /** There is an entry, but it is invalidated, or the caller does not take it. */
  readonly known: boolean;
  /** That entry, if no invalidation has reached it. */
  readonly refused: Entry | undefined;
}

/** The leader's duty: to say what the load came to. */
export interface Fill {
  /** The loaded value as an entry that is fresh for `ttl` seconds, with the tokens from before the load. */
  entry(value: Value, ttl: number): Entry;
  /** Hands the entry to the waiters; without one they go on by themselves. Only the first word counts. */
  settle(entry?: Entry): void;
  /** The waiters fail with the error. */
  fail(error: Error): void;
}

export interface LookupOptions {
  /** After a miss: to load for all who ask meanwhile, for oneself without waiting for others, or not to fill. */
  readonly lead?: 'for all' | 'alone' | 'never';
  /** Whether an entry that no invalidation has reached answers the question; unless given, while it is fresh. */
  readonly takes?: (entry: Entry) => boolean;
  /** Whether an entry that is not taken may be served while somebody else loads; unless given, it may. */
  readonly whileRefreshing?: (entry: Entry) => boolean;
}

/** What a lookup wants to know. */
interface Question {
  readonly key: string;
  readonly tags: readonly Tag[];
  readonly takes: (entry: Entry) => boolean;
  readonly whileRefreshing: (entry: Entry) => boolean;
}

export interface CacheOptions {
  readonly layer: Layer;
  readonly store: Store;
  readonly invalidations: Invalidations;
  readonly breaker: Breaker;
  readonly flights: SingleFlight<Entry | undefined>;
  readonly events: CacheEvents;
  /** Seconds past its TTL for which an entry is kept as the last known answer. */
  readonly staleIfError: number;
  /** What a request may wait for one answer of the store. Milliseconds. */
  readonly patience: number;
  readonly now: () => number;
}

export class Cache {
  readonly #options: CacheOptions;
  readonly #tiers: readonly Tier[];
  readonly #reads = new SharedRuns<Snapshot | undefined>();
  readonly #loads = new SharedRuns<Value | undefined>();

  constructor(options: CacheOptions) {
    this.#options = options;
    const { local, tier } = options.store;
    this.#tiers = local && tier === 'shared' ? ['local', 'shared'] : [tier];
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
    if (invalidations.doubtful) return this.#bypass(this.#tiers);
    const near = this.#near(key, tags, takes);
    if (near) return this.#hit(near, 'local');
    if (this.#tiers.length > 1) this.#emit('miss', 'local');

    const snapshot = await this.#read(key, tags);
    if (!snapshot) return this.#bypass([store.tier]);
    const entry = this.#valid(snapshot);
    if (entry && takes(entry)) return this.#hit(entry, store.tier);
    this.#emit('miss', store.tier);
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
    return this.#options.invalidations.doubtful ? undefined : this.#near(key, tags, takes);
  }

  /** What the store has that can be served. Nobody leads, nobody waits, nothing is counted. */
  async peek(key: string, tags: readonly Tag[], takes = this.#isFresh): Promise<Entry | undefined> {
    if (this.#options.invalidations.doubtful) return undefined;
    const snapshot = await this.#read(key, tags);
    const entry = snapshot && this.#valid(snapshot);
    return entry && takes(entry) ? entry : undefined;
  }

  /** Counts what `near` or `peek` found and was served: of the local tier, or of the one that the store asks. */
  hit(tier: Tier = this.#options.store.tier): void {
    this.#emit('hit', tier);
  }

  /**
   * Keeps an entry, `past` its ttl for so many seconds as the last known answer. Says whether it will be kept, as
   * far as is known at once: not if it is too large. No request waits for it.
   */
  keep(key: string, entry: Entry, past = this.#options.staleIfError): boolean {
    const seconds = Math.ceil(entry.ttl + past);
    if (seconds <= 0 || entry.value.body.byteLength > MAX_VALUE_BYTES) return false;
    void this.#write(key, entry, seconds);
    return true;
  }

  /**
   * The last known answer, for when a load fails: possibly invalidated or expired, also while the cache is not
   * to be trusted. Undefined with `staleIfError` 0.
   */
  async lastKnown(key: string): Promise<Entry | undefined> {
    const { store, staleIfError, now } = this.#options;
    if (staleIfError === 0) return undefined;
    const asked = await this.#ask('read', () => store.last(this.#key(key)));
    const last = asked ?? store.lastLocal?.(this.#key(key));
    if (!last || last.entry.owner !== ownerIn(key) || !isFresh(last.entry, now(), staleIfError))
      return undefined;
    this.#emit('stale', last.tier);
    return last.entry;
  }

  async #joinOrLead(question: Question, snapshot: Snapshot): Promise<Lookup> {
    const { flights, layer } = this.#options;
    const { key, tags, takes, whileRefreshing } = question;
    const name = `${layer}:${key}:${fingerprint(snapshot.tokens)}`;
    for (;;) {
      const flight = flights.join(name);
      const landed = flight ? undefined : this.#near(key, tags, takes);
      if (landed) return collapsed(landed);
      if (!flight) return this.#lead(name, question, snapshot);
      const expired = this.#valid(snapshot);
      if (expired && whileRefreshing(expired)) return this.#refreshing(expired);
      this.#emit('wait', 'local');
      try {
        const entry = await flight;
        return entry && takes(entry) ? collapsed(entry) : miss(snapshot, this.#fill(snapshot));
      } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
      }
    }
  }

  async #lead(name: string, question: Question, snapshot: Snapshot): Promise<Lookup> {
    const { store, flights } = this.#options;
    const { takes, whileRefreshing } = question;
    const flight = flights.lead(name);
    const latest = await this.#claim(name, question, snapshot);
    const entry = this.#valid(latest);
    if (entry && !latest.claimed && (takes(entry) || whileRefreshing(entry))) {
      flight.resolve(entry);
      return takes(entry) ? collapsed(entry) : this.#refreshing(entry);
    }
    const release = () => void this.#attempt('claim', store.claims?.release(name), WRITE_MS);
    const leadership = {
      resolve: (filled: Entry | undefined) => {
        flight.resolve(filled);
        release();
      },
      reject: (error: unknown) => {
        flight.reject(error);
        release();
      },
    };
    return miss(latest, this.#fill(latest, leadership));
  }

  /**
   * Waits until this instance may load (`claimed`), or another one has filled. With the claim, behind it on the same
   * connection, it looks again: whoever filled just before is seen. While another instance refreshes an expired entry nobody waits.
   */
  async #claim(name: string, question: Question, snapshot: Snapshot): Promise<Claimed> {
    const { claims } = this.#options.store;
    const { key, tags, takes, whileRefreshing } = question;
    if (!claims) return { ...snapshot, claimed: true };
    for (let turn = 0; turn < LEADER_MS / POLL_MS; turn += 1, await delay(POLL_MS)) {
      const claiming = this.#ask('claim', () => claims.claim(name, LEADER_MS));
      const [claimed, latest] = await Promise.all([claiming, this.#read(key, tags)]);
      if (claimed === undefined || !latest) break;
      const entry = this.#valid(latest);
      if (entry && takes(entry)) {
        if (claimed) void this.#attempt('claim', claims.release(name), WRITE_MS);
        return { ...latest, claimed: false };
      }
      if (claimed || (entry && whileRefreshing(entry))) return { ...latest, claimed };
      if (turn === 0) this.#emit('wait', 'shared');
    }
    return { ...snapshot, claimed: true };
  }

  #hit(entry: Entry, tier: Tier): Lookup {
    this.#emit('hit', tier);
    return { outcome: 'hit', entry, collapsed: false };
  }

  #bypass(tiers: readonly Tier[]): Lookup {
    for (const tier of tiers) this.#emit('bypass', tier);
    return { outcome: 'bypass' };
  }

  /** Served although it expired: nothing is known to have changed, and somebody is about to know. */
  #refreshing(entry: Entry): Lookup {
    this.#emit('stale', this.#options.store.tier);
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

  /** Begun before its claim is released, on the same connection: the next one finds it. */
  async #write(key: string, entry: Entry, seconds: number): Promise<void> {
    const owner = ownerIn(key);
    const owned = owner === undefined ? entry : { ...entry, owner };
    const write = this.#options.store.write(this.#key(key), owned, seconds);
    const kept = await this.#attempt('write', write, WRITE_MS);
    if (kept !== undefined) for (const tier of this.#tiers) this.#emit(kept ? 'fill' : 'fenced', tier);
  }

  /** What may be served with no question asked. */
  #near(key: string, tags: readonly Tag[], takes: (entry: Entry) => boolean): Entry | undefined {
    const entry = this.#options.store.local?.(this.#key(key), tags);
    return entry && entry.owner === ownerIn(key) && takes(entry) ? entry : undefined;
  }

  /** Undefined when the store is not to be asked or trusted: the caller then bypasses it. */
  async #read(key: string, tags: readonly Tag[]): Promise<Snapshot | undefined> {
    const { store, invalidations } = this.#options;
    const { epoch } = invalidations;
    const snapshot = await this.#reads.run(key, () =>
      this.#ask('read', () => store.read(this.#key(key), tags)),
    );
    if (!snapshot || invalidations.doubtful || invalidations.epoch !== epoch) return undefined;
    const { entry, tokens } = snapshot;
    return entry && entry.owner !== ownerIn(key) ? { entry: undefined, tokens } : snapshot;
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

  /** The entry that no invalidation has reached; it may have expired. */
  #valid({ entry, tokens }: Snapshot): Entry | undefined {
    return entry && !isFenced(entry, tokens) ? entry : undefined;
  }

  readonly #isFresh = (entry: Entry): boolean => isFresh(entry, this.#options.now());

  #emit(event: 'hit' | 'miss' | 'bypass' | 'wait' | 'fill' | 'fenced' | 'stale', tier: Tier): void {
    this.#options.events.emit(event, this.#options.layer, tier);
  }

  #key(key: string): string {
    return `${this.#options.layer}:${placeIn(key)}`;
  }
}

function placeIn(key: string): string {
  const end = key.indexOf(' ');
  return end === -1 ? key : key.slice(0, end);
}

function ownerIn(key: string): string | undefined {
  const end = key.indexOf(' ');
  return end === -1 ? undefined : key.slice(end + 1);
}

type Claimed = Snapshot & { readonly claimed: boolean };

function miss({ entry, tokens }: Snapshot, fill: Fill | undefined): Miss {
  const refused = entry && !isFenced(entry, tokens) ? entry : undefined;
  return { outcome: 'miss', fill, known: entry !== undefined, refused };
}

function collapsed(entry: Entry): Lookup {
  return { outcome: 'hit', entry, collapsed: true };
}
