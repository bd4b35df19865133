import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineExceeded, withDeadline } from './deadline.ts';
import type { CacheEvents, Layer } from './events.ts';
import type { Invalidations } from './invalidations.ts';
import { SharedRuns } from './shared-runs.ts';
import type { SingleFlight } from './single-flight.ts';
import type { Entry, Snapshot, Store, Tag, Tokens, Value } from './store.ts';
import { fingerprint, isFenced } from './token.ts';

/**
 * The read path of a layer. Its invariants:
 *
 * 1. Tokens are read before the value is loaded, and stored with it. An entry is served only while each of
 *    them is current, so a load that began before an invalidation stores what nobody will ever be served.
 * 2. A caller joins another's load only when both saw the same tokens: every write that was acknowledged
 *    before the caller came had been invalidated before that load began.
 * 3. Reads of the store, and loads past it, are shared only with callers who came before they began.
 * 4. Whoever leads settles its flight exactly once, by `Fill.store` or `Fill.abandon`.
 * 5. The store never makes a request fail or wait longer than its deadline: it is bypassed instead.
 */

/** What a fill may take; no request waits for it. Milliseconds. */
const WRITE_MS = 5_000;

/** How long a waiter trusts a leader, here or on another instance, before it loads by itself. Milliseconds. */
const LEADER_MS = 2_000;

/** Between two looks at whether another instance has filled. Milliseconds. */
const POLL_MS = 20;

export type Lookup =
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
  readonly #reads = new SharedRuns<Snapshot>();
  readonly #loads = new SharedRuns<Value>();

  constructor(options: CacheOptions) {
    this.#options = options;
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
    const found = await this.#find(key, tags, lead);
    this.#options.events.emit('lookup', this.#options.layer, found.outcome);
    return found;
  }

  /**
   * The last known answer, for when a load fails: possibly invalidated or expired, also while the cache is not
   * to be trusted. Undefined with `staleIfError` 0.
   */
  async lastKnown(key: string): Promise<Entry | undefined> {
    const { store, patience, staleIfError } = this.#options;
    if (staleIfError === 0) return undefined;
    return (await this.#attempt('read', store.read(this.#key(key), []), patience))?.entry;
  }

  async #find(key: string, tags: readonly Tag[], lead: boolean): Promise<Lookup> {
    const snapshot = await this.#read(key, tags);
    if (!snapshot) return { outcome: 'bypass' };
    const entry = this.#fresh(snapshot);
    if (entry) return { outcome: 'hit', entry, collapsed: false };
    if (!lead) return { outcome: 'miss', fill: undefined, known: snapshot.entry !== undefined };
    return this.#joinOrLead(key, tags, snapshot);
  }

  async #joinOrLead(key: string, tags: readonly Tag[], snapshot: Snapshot): Promise<Lookup> {
    const { flights, layer } = this.#options;
    const name = `${layer}:${key}:${fingerprint(snapshot.tokens)}`;
    const flight = flights.join(name);
    if (!flight) return this.#lead(name, key, tags, snapshot);
    const entry = await withDeadline(flight, LEADER_MS).catch(ifLate);
    if (entry) return { outcome: 'hit', entry, collapsed: true };
    return this.#miss(key, snapshot, () => {});
  }

  async #lead(name: string, key: string, tags: readonly Tag[], snapshot: Snapshot): Promise<Lookup> {
    const flight = this.#options.flights.lead(name);
    const settle = (entry: Entry | undefined, error?: Error) => {
      if (error) flight.reject(error);
      else flight.resolve(entry);
    };
    const latest = await this.#claim(name, key, tags, snapshot);
    const entry = this.#fresh(latest);
    const release = () => this.#attempt('claim', this.#options.store.claims?.release(name), WRITE_MS);
    if (!entry) {
      return this.#miss(key, latest, (filled, error) => {
        settle(filled, error);
        void release();
      });
    }
    settle(entry);
    void release();
    return { outcome: 'hit', entry, collapsed: true };
  }

  /**
   * Waits until this instance may load, or another one has filled. It looks again after it got the claim:
   * whoever filled just before is seen.
   */
  async #claim(name: string, key: string, tags: readonly Tag[], snapshot: Snapshot): Promise<Snapshot> {
    const { store, patience } = this.#options;
    const { claims } = store;
    if (!claims) return snapshot;
    for (let turn = 0; turn < LEADER_MS / POLL_MS; turn += 1, await delay(POLL_MS)) {
      const claimed = await this.#attempt('claim', claims.claim(name, LEADER_MS), patience);
      const latest = await this.#read(key, tags);
      if (claimed === undefined || !latest) break;
      if (claimed || this.#fresh(latest)) return latest;
    }
    return snapshot;
  }

  #miss(key: string, snapshot: Snapshot, settle: (entry: Entry | undefined, error?: Error) => void): Lookup {
    const fill: Fill = {
      store: (value, ttl) => {
        const entry = this.#write(key, value, ttl, snapshot.tokens);
        settle(entry);
        return entry;
      },
      abandon: (error) => settle(undefined, error),
    };
    return { outcome: 'miss', fill, known: snapshot.entry !== undefined };
  }

  #write(key: string, value: Value, ttl: number, tokens: Tokens): Entry {
    const { store, staleIfError, events, layer, now } = this.#options;
    const entry: Entry = { value, tokens, ttl, storedAt: now() };
    void this.#attempt('write', store.write(this.#key(key), entry, ttl + staleIfError), WRITE_MS);
    events.emit('fill', layer);
    return entry;
  }

  /** Undefined when the store is not to be asked or trusted: the caller then bypasses it. */
  async #read(key: string, tags: readonly Tag[]): Promise<Snapshot | undefined> {
    const { store, invalidations, patience } = this.#options;
    if (invalidations.doubtful) return undefined;
    const read = this.#reads.run(key, () => store.read(this.#key(key), tags));
    return this.#attempt('read', read, patience);
  }

  async #attempt<T>(during: 'read' | 'write' | 'claim', work: Promise<T> | undefined, milliseconds: number) {
    try {
      return await (work && withDeadline(work, milliseconds));
    } catch (error) {
      this.#options.events.emit('failure', during, error);
      return undefined;
    }
  }

  #fresh({ entry, tokens }: Snapshot): Entry | undefined {
    if (!entry || isFenced(entry, tokens)) return undefined;
    return this.#options.now() < entry.storedAt + entry.ttl * 1000 ? entry : undefined;
  }

  #key(key: string): string {
    return `${this.#options.layer}:${key}`;
  }
}

function ifLate(error: unknown): undefined {
  if (!(error instanceof DeadlineExceeded)) throw error;
}
