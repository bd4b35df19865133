/** A name for something that can change: a collection (`properties`) or a row (`property:42`). */
export type Tag = string;

/**
 * What stands under a tag's key: random, never repeated. Taking it away is what invalidation is; the next
 * reader makes a new one. Random, not counted: a counter that restarts after a flush or a failover could make
 * an old entry valid again.
 */
export type Token = string;

export type Tokens = Readonly<Record<Tag, Token>>;

/** Where an entry is: in this process's memory, or in Redis, which several instances share. */
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
  /** Whose it is, of those who share the place where it is kept. */
  readonly owner?: string;
}

export interface Snapshot {
  readonly entry: Entry | undefined;
  readonly tokens: Tokens;
}

export interface Last {
  readonly entry: Entry;
  readonly tier: Tier;
}

/** The figures of Redis' `INFO stats`, for whatever holds the entries. */
export interface KeyspaceFigures {
  readonly hits: number;
  readonly misses: number;
}

/** What entries take of this process's memory, of all that they may. */
export interface MemoryFigures {
  readonly entries: number;
  /** As the bound counts them: with what holds them together. */
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
   * The entry, unless it is fenced, with no question asked of anybody. Absent where every answer takes a round
   * trip.
   */
  local?(key: string, tags: readonly Tag[]): Entry | undefined;
  /** The entry and the current token of each tag, in one round trip. A tag without a token gets one. */
  read(key: string, tags: readonly Tag[]): Promise<Snapshot>;
  /** The entry, however old its tokens are, and where it was. */
  last(key: string): Promise<Last | undefined>;
  /** The same with no question asked, for when there is no answer. */
  lastLocal?(key: string): Last | undefined;
  /** Keeps the entry for `seconds` or less; false if it was fenced already, so that nobody will be served it. */
  write(key: string, entry: Entry, seconds: number): Promise<boolean>;
  /**
   * Takes away the token of each tag, in one round trip. Every instance hears of a `change`: for each tag of
   * one, only the first of those who share the store does it.
   */
  invalidate(tags: readonly Tag[], change?: string): Promise<void>;
  /** Absent where nobody counts but the cache itself. */
  keyspace?(): Promise<KeyspaceFigures>;
  /** Absent where no entry is in this process's memory. */
  memory?(): MemoryFigures;
  /** Absent where no other process shares the store. */
  readonly claims?: Claims;
}
