import type { Tier } from '../stores/store.ts';
import type { CacheEvents, Layer } from './events.ts';

/** Counted since the process started; the events in `events.ts` define each word. */
export interface TierCounters {
  hits: number;
  misses: number;
  bypasses: number;
  waits: number;
  fills: number;
  fenced_fills: number;
  stale_served: number;
  errors: number;
}

export interface Counters {
  readonly layers: Readonly<Record<Layer, Readonly<Record<Tier, TierCounters>>>>;
  readonly invalidations: Record<'here' | 'elsewhere' | 'failed', number>;
}

const columns = {
  hit: 'hits',
  miss: 'misses',
  bypass: 'bypasses',
  wait: 'waits',
  fill: 'fills',
  fenced: 'fenced_fills',
  stale: 'stale_served',
  failure: 'errors',
} as const;

export function countEvents(events: CacheEvents): Counters {
  const counters: Counters = {
    layers: { pages: tiers(), data: tiers() },
    invalidations: { here: 0, elsewhere: 0, failed: 0 },
  };
  for (const [event, column] of Object.entries(columns)) {
    events.on(event as keyof typeof columns, (layer: Layer, tier: Tier) => {
      counters.layers[layer][tier][column] += 1;
    });
  }
  events.on('invalidation', () => {
    counters.invalidations.here += 1;
  });
  events.on('taken', () => {
    counters.invalidations.elsewhere += 1;
  });
  events.on('pending', () => {
    counters.invalidations.failed += 1;
  });
  return counters;
}

const tiers = () => ({ local: zero(), shared: zero() });

const zero = (): TierCounters => ({
  hits: 0,
  misses: 0,
  bypasses: 0,
  waits: 0,
  fills: 0,
  fenced_fills: 0,
  stale_served: 0,
  errors: 0,
});
