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
 * 4. Whoever leads settles its flight exactly once, by `Fill.store` or `Fill.abandon`. Nobody waits for it
 *    longer than its time: then one of those who wait takes over.
 * 5. The store never makes a request fail or wait longer than its deadline: it is bypassed instead.
 * 6. Only what expired may be served old, and only while somebody refreshes it; never what was invalidated.
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
  /** `known`: there is an entry, but it is invalidated or expired. */
  | { readonly outcome: 'miss'; readonly fill: Fill | undefined; readonly known: boolean }
  | { readonly outcome: 'bypass' };

/** The leader's duty: to say what the load came to. */
export interface Fill {
  /** Stores the value for `ttl` seconds and hands it to the waiters. */
  store(value: Value, ttl: number): Entry;
  /** Nothing is stored; the waiters fail with `error`, or without one go on by themselves. */
  abandon(error?: Error): void;
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
  readonly #loads = new SharedRuns<Value>();

  constructor(options: CacheOptions) {
    this.#options = options;
    const { local, tier } = options.store;
    this.#tiers = local && tier === 'shared' ? ['local', 'shared'] : [tier];
  }

  /** The value under `key`, or what `load` makes of it, loaded once for all who ask at the same time. */
  async get(key: string, { tags, ttl }: { tags: readonly Tag[]; ttl: number }, load: () => Promise<Value>) {
    const found = await this.lookup(key, tags);
    if (found.outcome === 'hit') return found.entry.value;
    if (found.outcome === 'bypass' || !found.fill) return this.#loads.run(key, load);
    try {
      return found.fill.store(await load(), ttl).value;
    } catch (error) {
      found.fill.abandon(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /**
   * Looks an entry up; after a miss the caller is the leader, unless it said `lead: false`, and others may
   * wait for its `fill`. Rejects only with the error of the load that it waited for.
   */
  async lookup(key: string, tags: readonly Tag[], { lead = true } = {}): Promise<Lookup> {
    const { store, invalidations } = this.#options;
    if (invalidations.doubtful) return this.#bypass(this.#tiers);
    const near = this.#near(key, tags);
    if (near) return this.#hit(near, 'local');
    if (this.#tiers.length > 1) this.#emit('miss', 'local');

    const snapshot = await this.#read(key, tags);
    if (!snapshot) return this.#bypass([store.tier]);
    const entry = this.#valid(snapshot);
    if (entry && this.#isFresh(entry)) return this.#hit(entry, store.tier);
    this.#emit('miss', store.tier);
    if (!lead) return { outcome: 'miss', fill: undefined, known: snapshot.entry !== undefined };
    return this.#joinOrLead(key, tags, snapshot);
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
    if (!last || !isFresh(last.entry, now(), staleIfError)) return undefined;
    this.#emit('stale', last.tier);
    return last.entry;
  }

  async #joinOrLead(key: string, tags: readonly Tag[], snapshot: Snapshot): Promise<Lookup> {
    const { flights, layer } = this.#options;
    const name = `${layer}:${key}:${fingerprint(snapshot.tokens)}`;
    for (;;) {
      const flight = flights.join(name);
      const landed = flight ? undefined : this.#near(key, tags);
      if (landed) return collapsed(landed);
      if (!flight) return this.#lead(name, key, tags, snapshot);
      const expired = this.#valid(snapshot);
      if (expired) return this.#refreshing(expired);
      this.#emit('wait', 'local');
      try {
        const entry = await flight;
        return entry ? collapsed(entry) : this.#miss(key, snapshot);
      } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
      }
    }
  }

  async #lead(name: string, key: string, tags: readonly Tag[], snapshot: Snapshot): Promise<Lookup> {
    const { store, flights } = this.#options;
    const flight = flights.lead(name);
    const latest = await this.#claim(name, key, tags, snapshot);
    const entry = this.#valid(latest);
    if (entry && !latest.claimed) {
      flight.resolve(entry);
      return this.#isFresh(entry) ? collapsed(entry) : this.#refreshing(entry);
    }
    const release = () => void this.#attempt('claim', store.claims?.release(name), WRITE_MS);
    return this.#miss(key, latest, {
      resolve: (filled) => {
        flight.resolve(filled);
        release();
      },
      reject: (error) => {
        flight.reject(error);
        release();
      },
    });
  }

  /**
   * Waits until this instance may load (`claimed`), or another one has filled. It looks again after it got the
   * claim: whoever filled just before is seen. While another instance refreshes an expired entry nobody waits.
   */
  async #claim(name: string, key: string, tags: readonly Tag[], snapshot: Snapshot): Promise<Claimed> {
    const { claims } = this.#options.store;
    if (!claims) return { ...snapshot, claimed: true };
    for (let turn = 0; turn < LEADER_MS / POLL_MS; turn += 1, await delay(POLL_MS)) {
      const claimed = await this.#ask('claim', () => claims.claim(name, LEADER_MS));
      const latest = await this.#read(key, tags);
      if (claimed === undefined || !latest) break;
      const entry = this.#valid(latest);
      if (entry && this.#isFresh(entry)) {
        if (claimed) void this.#attempt('claim', claims.release(name), WRITE_MS);
        return { ...latest, claimed: false };
      }
      if (claimed || entry) return { ...latest, claimed };
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

  #miss(key: string, snapshot: Snapshot, flight?: Leadership<Entry | undefined>): Lookup {
    const fill: Fill = {
      store: (value, ttl) => {
        const entry: Entry = { value, tokens: snapshot.tokens, ttl, storedAt: this.#options.now() };
        void this.#write(key, entry); // Before its claim is released, on the same connection: the next one finds it.
        flight?.resolve(entry);
        return entry;
      },
      abandon: (error) => (error ? flight?.reject(error) : flight?.resolve(undefined)),
    };
    return { outcome: 'miss', fill, known: snapshot.entry !== undefined };
  }

  async #write(key: string, entry: Entry): Promise<void> {
    const { store, staleIfError } = this.#options;
    if (entry.value.body.byteLength > MAX_VALUE_BYTES) return;
    const write = store.write(this.#key(key), entry, entry.ttl + staleIfError);
    const kept = await this.#attempt('write', write, WRITE_MS);
    if (kept !== undefined) for (const tier of this.#tiers) this.#emit(kept ? 'fill' : 'fenced', tier);
  }

  /** What may be served with no question asked. */
  #near(key: string, tags: readonly Tag[]): Entry | undefined {
    const entry = this.#options.store.local?.(this.#key(key), tags);
    return entry && this.#isFresh(entry) ? entry : undefined;
  }

  /** Undefined when the store is not to be asked or trusted: the caller then bypasses it. */
  async #read(key: string, tags: readonly Tag[]): Promise<Snapshot | undefined> {
    const { store, invalidations } = this.#options;
    const { epoch } = invalidations;
    const snapshot = await this.#reads.run(key, () =>
      this.#ask('read', () => store.read(this.#key(key), tags)),
    );
    return invalidations.doubtful || invalidations.epoch !== epoch ? undefined : snapshot;
  }

  /** Asks the store while a request waits; not at all if it lately did not answer in time. */
  async #ask<T>(during: 'read' | 'claim', question: () => Promise<T>): Promise<T | undefined> {
    const { breaker, patience } = this.#options;
    if (breaker.open) return undefined;
    const answer = question();
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

  #isFresh(entry: Entry): boolean {
    return isFresh(entry, this.#options.now());
  }

  #emit(event: 'hit' | 'miss' | 'bypass' | 'wait' | 'fill' | 'fenced' | 'stale', tier: Tier): void {
    this.#options.events.emit(event, this.#options.layer, tier);
  }

  #key(key: string): string {
    return `${this.#options.layer}:${key}`;
  }
}

type Claimed = Snapshot & { readonly claimed: boolean };

function collapsed(entry: Entry): Lookup {
  return { outcome: 'hit', entry, collapsed: true };
}
