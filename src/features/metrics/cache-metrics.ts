import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Caches, TierCounters } from '../../cache/index.ts';

const LAYERS = ['pages', 'data'] as const;
const TIERS = ['local', 'shared'] as const;

/** Upper bounds of the buckets of an invalidation. Seconds. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What the outcomes in `src/cache/telemetry/counters.ts` are called in a label. */
const OUTCOMES = {
  hits: 'hit',
  misses: 'miss',
  bypasses: 'bypass',
  waits: 'wait',
  fills: 'fill',
  fenced_fills: 'fenced',
  stale_served: 'stale',
  errors: 'error',
} as const satisfies Record<keyof TierCounters, string>;

/** What the cache counts, as `GET /properties/cache-metrics/` shows it, and how fast invalidations are. */
export function registerCacheMetrics(registry: Registry, caches: Caches): void {
  const { counters, events } = caches;
  const registers = [registry];

  new Counter({
    name: 'cache_outcomes_total',
    help: 'What came of lookups and fills, by layer and tier',
    labelNames: ['layer', 'tier', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const layer of LAYERS) {
        for (const tier of TIERS) {
          const counted = Object.entries(counters.layers[layer][tier]) as [keyof TierCounters, number][];
          for (const [name, count] of counted) this.inc({ layer, tier, outcome: OUTCOMES[name] }, count);
        }
      }
    },
  });

  const invalidations = new Counter({
    name: 'cache_invalidations_total',
    help: 'Invalidations that this process made, by what made it',
    labelNames: ['cause'],
    registers,
  });
  const latency = new Histogram({
    name: 'cache_invalidation_seconds',
    help: 'From a change in PostgreSQL (by its clock, for changes that were notified) to its invalidation here',
    labelNames: ['cause'],
    buckets: LATENCY_BOUNDS,
    registers,
  });
  events.on('invalidation', (_tags, { cause, at }) => {
    invalidations.inc({ cause });
    if (at !== undefined) latency.observe({ cause }, Math.max(0, Date.now() - at) / 1000);
  });

  const failed = new Counter({
    name: 'cache_invalidations_failed_total',
    help: 'Attempts that failed; everything is invalidated until one succeeds',
    registers,
  });
  events.on('pending', () => failed.inc());

  const memory = caches.store.memory?.bind(caches.store);
  if (memory) {
    new Gauge({
      name: 'cache_entries',
      help: "Entries in this process's memory",
      registers,
      collect() {
        this.set(memory().entries);
      },
    });
    new Gauge({
      name: 'cache_bytes',
      help: 'What they take of CACHE_LOCAL_MAX_MB',
      registers,
      collect() {
        this.set(memory().bytes);
      },
    });
  }

  new Gauge({
    name: 'cache_bypassed',
    help: '1 while nothing is read from the cache, because changes may be missed or an invalidation failed',
    registers,
    collect() {
      this.set(caches.bypassed ? 1 : 0);
    },
  });
}
