import { Breaker } from './breaker.ts';
import { Cache } from './cache.ts';
import { type Counters, countEvents } from './counters.ts';
import { withDeadline } from './deadline.ts';
import { type CacheEvents, type HeardOf, newCacheEvents, type Origin } from './events.ts';
import { Invalidations } from './invalidations.ts';
import { SingleFlight } from './single-flight.ts';
import type { Entry, KeyspaceFigures, Store, Tag } from './store.ts';

export interface CachesOptions {
  readonly store: Store;
  readonly events?: CacheEvents;
  /** Tags of which every entry has at least one: invalidating them leaves nothing. */
  readonly everything: readonly Tag[];
  /** Seconds past its TTL for which an entry is kept as the last known answer; 0: not at all. */
  readonly staleIfError: number;
  /** What a request may wait for one answer of the store. Milliseconds. */
  readonly patience?: number;
  readonly now?: () => number;
}

/** The two layers over one store: whole pages, and the data behind them. One invalidation reaches both. */
export interface Caches {
  readonly pages: Cache;
  readonly data: Cache;
  readonly store: Store;
  readonly events: CacheEvents;
  readonly counters: Counters;
  /** True while an invalidation is being retried or changes go unheard: nothing is read from the cache. */
  readonly bypassed: boolean;
  /** Resolves when it is done, or has been tried for 100 ms; never rejects. What failed is made up for later. */
  invalidate(tags: readonly Tag[], origin?: Origin): Promise<void>;
  /** The same for a change that every instance hears of: the first of those who share the store invalidates. */
  hear(tags: readonly Tag[], origin: HeardOf): void;
  /** Contact with `source` was lost: what is cached may have changed unheard. Bypasses the cache. */
  distrust(source: string): void;
  /** It is back: whatever may have changed meanwhile is invalidated. */
  trust(source: string): Promise<void>;
  /** A source of changes to trust only while `isAlive`. */
  watch(isAlive: () => boolean): void;
  /** The store's own hits and misses; undefined when it does not answer. */
  keyspace(): Promise<KeyspaceFigures | undefined>;
  close(): Promise<void>;
}

/** What a request waits for one answer of the store; a page and the data behind it are two. Milliseconds. */
const PATIENCE_MS = 100;

/** What a question about the store's figures may wait. Milliseconds. */
const KEYSPACE_MS = 1_000;

export function createCaches(options: CachesOptions): Caches {
  const {
    store,
    events = newCacheEvents(),
    everything,
    staleIfError,
    patience = PATIENCE_MS,
    now = Date.now,
  } = options;
  const invalidations = new Invalidations(store, events, everything);
  const flights = new SingleFlight<Entry | undefined>();
  const breaker = new Breaker((open) => events.emit('breaker', open));
  const counters = countEvents(events);
  const shared = { store, invalidations, breaker, flights, events, staleIfError, patience, now };
  return {
    pages: new Cache({ ...shared, layer: 'pages' }),
    data: new Cache({ ...shared, layer: 'data' }),
    store,
    events,
    counters,
    get bypassed() {
      return invalidations.doubtful;
    },
    invalidate: (tags, origin) => invalidations.invalidate(tags, origin),
    hear: (tags, origin) => invalidations.hear(tags, origin),
    distrust: (source) => invalidations.distrust(source),
    trust: (source) => invalidations.trust(source),
    watch: (isAlive) => invalidations.watch(isAlive),
    keyspace: async () =>
      store.keyspace ? withDeadline(store.keyspace(), KEYSPACE_MS).catch(() => undefined) : lookups(counters),
    close: () => invalidations.close(),
  };
}

/** What a server of Redis counts by itself. */
function lookups({ layers: { pages, data } }: Counters): KeyspaceFigures {
  return {
    hits: pages.local.hits + data.local.hits,
    misses: pages.local.misses + data.local.misses,
  };
}
