import type { Entry, Snapshot, Tag, Value } from '../stores/store.ts';
import type { Key } from './key.ts';
import { isFenced } from './token.ts';

/** The result of a lookup. */
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

/** What a leader has to call when its load has ended. */
export interface Fill {
  /** The loaded value as an entry that is fresh for `ttl` seconds, with the tokens from before the load. */
  entry(value: Value, ttl: number): Entry;
  /** Hands the entry to the waiters; without one they go on by themselves. Only the first call counts. */
  settle(entry?: Entry): void;
  /** The waiters fail with the error. */
  fail(error: Error): void;
}

export interface LookupOptions {
  /** After a miss: to load for every caller at the same time, to load alone and wait for no leader, or not to fill. */
  readonly lead?: 'for all' | 'alone' | 'never';
  /** Whether an entry that no invalidation has reached may be served; unless given, while it is fresh. */
  readonly takes?: (entry: Entry) => boolean;
  /** Whether an entry that is not taken may be served while another caller loads; unless given, it may. */
  readonly whileRefreshing?: (entry: Entry) => boolean;
}

/** What a lookup looks for, and which entries it takes. */
export interface LookupTarget {
  readonly key: Key;
  readonly tags: readonly Tag[];
  readonly takes: (entry: Entry) => boolean;
  readonly whileRefreshing: (entry: Entry) => boolean;
}

/** The entry that no invalidation has reached; it may have expired. */
export function validIn({ entry, tokens }: Snapshot): Entry | undefined {
  return entry && !isFenced(entry, tokens) ? entry : undefined;
}

export function miss(snapshot: Snapshot, fill: Fill | undefined): Miss {
  const known = (snapshot.entry ?? snapshot.large) !== undefined;
  return { outcome: 'miss', fill, known, refused: validIn(snapshot) };
}

export function collapsed(entry: Entry): Lookup {
  return { outcome: 'hit', entry, collapsed: true };
}
