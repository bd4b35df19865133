import type { Entry, Snapshot, Tag, Value } from './store.ts';
import { isFenced } from './token.ts';

/** What came of looking an entry up. */
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
export interface Question {
  readonly key: string;
  readonly tags: readonly Tag[];
  readonly takes: (entry: Entry) => boolean;
  readonly whileRefreshing: (entry: Entry) => boolean;
}

/** The entry that no invalidation has reached; it may have expired. */
export function validIn({ entry, tokens }: Snapshot): Entry | undefined {
  return entry && !isFenced(entry, tokens) ? entry : undefined;
}

export function miss(snapshot: Snapshot, fill: Fill | undefined): Miss {
  return { outcome: 'miss', fill, known: snapshot.entry !== undefined, refused: validIn(snapshot) };
}

export function collapsed(entry: Entry): Lookup {
  return { outcome: 'hit', entry, collapsed: true };
}
