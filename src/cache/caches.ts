import { withDeadline } from '../platform/index.ts';
import { Breaker } from './core/breaker.ts';
import type { Cache, EntryCache } from './core/cache.ts';
import { CacheLayer } from './core/cache-layer.ts';
import { SingleFlight } from './core/single-flight.ts';
import { Invalidations } from './invalidation/invalidations.ts';
import type { SharedServer } from './stores/shared-server.ts';
import type { Entry, KeyspaceStatistics, Store, Tag } from './stores/store.ts';
import { type Counters, countEvents } from './telemetry/counters.ts';
import { type CacheEvents, type NotifiedOrigin, newCacheEvents, type Origin } from './telemetry/events.ts';

export interface CachesOptions {
  readonly store: Store;
  /** The server behind the store, where processes share one. */
  readonly shared?: SharedServer | undefined;
  readonly events?: CacheEvents;
  /** Tags of which every entry has at least one: invalidating them leaves nothing. */
  readonly everything: readonly Tag[];
  /** Seconds past its TTL for which an entry is kept as the last known answer; 0: not at all. */
  readonly staleIfError: number;
  /** What a request may wait for one answer of the store. Milliseconds. */
  readonly patience?: number | undefined;
  /** What a write may wait for its invalidation. Milliseconds. */
  readonly invalidationPatience?: number | undefined;
  /** How long waiters wait for a leader before one of them takes over. Milliseconds. */
  readonly leaderMs?: number | undefined;
  readonly now?: () => number;
}

/** The two layers over one store: whole pages, and the data behind them. One invalidation reaches both. */
export interface Caches {
  readonly pages: EntryCache;
  readonly data: Cache;
  readonly store: Store;
  /** The server behind the store, where processes share one. */
  readonly shared: SharedServer | undefined;
  readonly events: CacheEvents;
  readonly counters: Counters;
  /** True while an invalidation is being retried or changes are not notified: nothing is read from the cache. */
  readonly bypassed: boolean;
  /** Resolves when it is done, or has been tried for 100 ms; never rejects. What failed is made up for later. */
  invalidate(tags: readonly Tag[], origin?: Origin): Promise<void>;
  /** The same for a change that every instance is notified of: the first one that shares the store invalidates. */
  invalidateNotified(tags: readonly Tag[], origin: NotifiedOrigin): void;
  /** Contact with `source` was lost: what is cached may have changed without a report. Bypasses the cache. */
  distrust(source: string): void;
  /** Contact is back: everything is invalidated, because anything may have changed meanwhile. */
  trust(source: string): Promise<void>;
  /** A source of changes to trust only while `isAlive`. */
  watch(isAlive: () => boolean): void;
  /** The store's own hits and misses; undefined when it does not answer. */
  keyspace(): Promise<KeyspaceStatistics | undefined>;
  close(): Promise<void>;
}

/** What a request waits for one answer of the store; a page and the data behind it are two. Milliseconds. */
const PATIENCE_MS = 100;

/** How long the store may take to report its statistics. Milliseconds. */
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
  const invalidations = new Invalidations({
    store,
    events,
    everything,
    patience: options.invalidationPatience,
  });
  const flights = new SingleFlight<Entry | undefined>(options.leaderMs);
  const breaker = new Breaker((open) => events.emit('breaker', open));
  const counters = countEvents(events);
  const shared = { store, invalidations, breaker, flights, events, staleIfError, patience, now };
  return {
    pages: new CacheLayer({ ...shared, layer: 'pages' }),
    data: new CacheLayer({ ...shared, layer: 'data' }),
    store,
    shared: options.shared,
    events,
    counters,
    get bypassed() {
      return invalidations.doubtful;
    },
    invalidate: (tags, origin) => invalidations.invalidate(tags, origin),
    invalidateNotified: (tags, origin) => invalidations.invalidateNotified(tags, origin),
    distrust: (source) => invalidations.distrust(source),
    trust: (source) => invalidations.trust(source),
    watch: (isAlive) => invalidations.watch(isAlive),
    keyspace: async () =>
      store.keyspace ? withDeadline(store.keyspace(), KEYSPACE_MS).catch(() => undefined) : lookups(counters),
    close: () => invalidations.close(),
  };
}

/** Hits and misses in this process, for a store that does not count them itself. */
function lookups({ layers: { pages, data } }: Counters): KeyspaceStatistics {
  return {
    hits: pages.local.hits + data.local.hits,
    misses: pages.local.misses + data.local.misses,
  };
}
