/** A name for something that can change: a collection (`properties`) or a row (`property:42`). */
export type Tag = string;

/**
 * The random value that stands for the state of a tag. To invalidate a tag is to take its token away; the next read makes a
 * new one. Random, not counted: a counter that starts again after a flush or a failover could make an old entry valid again.
 */
export type Token = string;

export type Tokens = Readonly<Record<Tag, Token>>;

/** The largest body that is kept. Bytes. */
export const MAX_VALUE_BYTES = 32 * 1024 * 1024;

/** Where an entry is: in this process's memory, or in a store that several instances share. */
export type Tier = 'local' | 'shared';

/** A cached value: bytes, and the few small strings that belong to them (a page's headers). */
export interface Value {
  readonly head: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A value with what decides whether it may still be served. */
export interface Entry {
  readonly value: Value;
  /** The token that each tag had before the value was loaded. */
  readonly tokens: Tokens;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  /** Seconds from `storedAt` for which the entry is fresh. */
  readonly ttl: number;
  /** Which of the keys that share its bucket it belongs to. */
  readonly identity?: string;
}

/**
 * An entry without its value, which is so large that it is fetched only after the tokens have shown that it may be served.
 */
export interface Large extends Omit<Entry, 'value'> {
  /**
   * The whole entry; undefined if it is not there any more, or was too slow to fetch lately. Rejects when it is too
   * slow: a multiple of `patience` (milliseconds) may pass before the first bytes, and more for each part that has come.
   */
  fetch(patience: number): Promise<Entry | undefined>;
}

/** What was found under a key: an entry, or a large one, or none. */
export interface Found {
  readonly entry: Entry | undefined;
  readonly large?: Large | undefined;
}

export interface Snapshot extends Found {
  readonly tokens: Tokens;
}

export interface Last extends Found {
  readonly tier: Tier;
}

/** The hits and misses of a store, as it counts them itself. */
export interface KeyspaceStatistics {
  readonly hits: number;
  readonly misses: number;
}

/** The entries in this process's memory, and how many bytes they take of their limit. */
export interface MemoryUsage {
  readonly entries: number;
  /** As the limit counts them: with their keys and an overhead for each entry. */
  readonly bytes: number;
}

/** One loader among all instances that share a store. */
export interface Claims {
  /** True for one caller, until it releases the claim or `milliseconds` have passed. */
  claim(name: string, milliseconds: number): Promise<boolean>;
  release(name: string): Promise<void>;
}

/**
 * Where entries and tokens are kept: the storage contract. Every method that returns a promise may reject;
 * callers decide what a failure means. All implementations pass one contract suite.
 */
export interface Store {
  /** Where `read` looks. */
  readonly tier: Tier;
  /**
   * The entry, unless it is fenced, without a round trip. Absent where every read takes one.
   */
  local?(key: string, tags: readonly Tag[]): Entry | undefined;
  /**
   * The entry, unless it is large, and the current token of each tag, in one round trip. A tag without a token gets one.
   */
  read(key: string, tags: readonly Tag[]): Promise<Snapshot>;
  /** The entry, however old its tokens are, and where it was. */
  last(key: string): Promise<Last | undefined>;
  /** The same without a round trip, for when the store does not answer. */
  lastLocal?(key: string): Entry | undefined;
  /** Keeps the entry for `seconds` or less; false if it was fenced already, so that it is never served. */
  write(key: string, entry: Entry, seconds: number): Promise<boolean>;
  /**
   * Takes away the token of each tag, in one round trip. Every instance is notified of a `change`: for each tag of
   * one, only the first of the instances that share the store does it.
   */
  invalidate(tags: readonly Tag[], change?: string): Promise<void>;
  /** Absent where the store does not count by itself. */
  keyspace?(): Promise<KeyspaceStatistics>;
  /** Absent where no entry is in this process's memory. */
  memory?(): MemoryUsage;
  /** Absent where no other process shares the store. */
  readonly claims?: Claims;
}
