/** A name for something that can change: a collection (`properties`) or a row (`property:42`). */
export type Tag = string;

/**
 * What stands under a tag's key: random, never repeated. Changing it is what invalidation is. Random, not
 * counted: a counter that restarts after a flush or a failover could make an old entry valid again.
 */
export type Token = string;

export type Tokens = Readonly<Record<Tag, Token>>;

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
}

export interface Snapshot {
  readonly entry: Entry | undefined;
  readonly tokens: Tokens;
}

/** The figures of Redis' `INFO stats`, for whatever holds the entries. */
export interface KeyspaceFigures {
  readonly hits: number;
  readonly misses: number;
}

/** One loader among all instances that share a store. */
export interface Claims {
  /** True for one caller, until it releases the claim or `milliseconds` have passed. */
  claim(name: string, milliseconds: number): Promise<boolean>;
  release(name: string): Promise<void>;
}

/**
 * Where entries and tokens are kept: the storage contract. Every method may reject; callers decide what a
 * failure means. Both implementations pass one contract suite.
 */
export interface Store {
  /** The entry and the current token of each tag, in one round trip. A tag without a token gets one. */
  read(key: string, tags: readonly Tag[]): Promise<Snapshot>;
  /** Keeps the entry for at most `seconds`. */
  write(key: string, entry: Entry, seconds: number): Promise<void>;
  /** Gives each tag a new token, in one round trip. */
  invalidate(tags: readonly Tag[]): Promise<void>;
  keyspace(): Promise<KeyspaceFigures>;
  /** Absent where no other process shares the store. */
  readonly claims?: Claims;
}
