import type { Entry, Tag, Tier, Value } from '../stores/store.ts';
import type { Key } from './key.ts';
import type { Lookup, LookupOptions } from './lookup.ts';

/** How a value is kept. */
export interface EntryOptions {
  /** What it depends on: it is not served any more once one of them was invalidated. */
  readonly tags: readonly Tag[];
  /** Seconds for which it is fresh. */
  readonly ttl: number;
}

/** A cache whose answers are never older than the last invalidation that was awaited. */
export interface Cache {
  /**
   * The value under `key`, or the result of `load`, which runs once for all callers at the same time. A result of undefined is
   * not kept, and the waiters load for themselves. Rejects with the error of the load only.
   */
  get<V extends Value | undefined>(
    key: Key,
    options: EntryOptions,
    load: () => Promise<V>,
  ): Promise<V | Value>;
  /** Resolves when no entry with one of these tags is served any more. Never rejects: what failed is made up for. */
  invalidate(tags: readonly Tag[]): Promise<void>;
}

/**
 * What an HTTP cache needs beyond that: entries themselves, for it decides by each request whether one may be served, and
 * fills after its handler has answered.
 */
export interface EntryCache extends Cache {
  /** Seconds past its TTL for which an entry may be served as the last known answer. */
  readonly staleIfError: number;
  /** Whether the store keeps entries in this process's memory. */
  readonly hasMemory: boolean;
  /**
   * Looks an entry up; after a miss the caller is the leader, unless it said otherwise, and others may wait for its
   * `fill`. Rejects only with the error of the load that it waited for.
   */
  lookup(key: Key, tags: readonly Tag[], options?: LookupOptions): Promise<Lookup>;
  /** The entry that can be served without a round trip. Nothing is counted: a caller that serves it calls `hit`. */
  peekLocal(key: Key, tags: readonly Tag[], takes?: (entry: Entry) => boolean): Entry | undefined;
  /** The entry of the store that can be served. The caller neither leads nor waits, and nothing is counted. */
  peek(key: Key, tags: readonly Tag[], takes?: (entry: Entry) => boolean): Promise<Entry | undefined>;
  /** Counts what `peekLocal` or `peek` found and was served: of the local tier, or of the one that the store asks. */
  hit(tier?: Tier): void;
  /**
   * Keeps an entry, `past` its ttl for so many seconds as the last known answer. Says whether it will be kept, as
   * far as is known at once: not if it is too large. No request waits for it.
   */
  keep(key: Key, entry: Entry, past?: number): boolean;
  /**
   * The last known answer, for when a load fails: possibly invalidated or expired, also while the cache is not
   * to be trusted. Undefined with `staleIfError` 0.
   */
  lastKnown(key: Key): Promise<Entry | undefined>;
}
