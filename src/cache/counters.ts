import type { CacheEvents, Layer } from './events.ts';

/** Counted since the process started; the events in `events.ts` define each word. */
export interface LayerCounters {
  hits: number;
  misses: number;
  bypasses: number;
  fills: number;
  stale_served: number;
}

export interface Counters {
  readonly layers: Readonly<Record<Layer, LayerCounters>>;
  invalidations: number;
  errors: number;
}

export function countEvents(events: CacheEvents): Counters {
  const counters: Counters = { layers: { pages: zero(), data: zero() }, invalidations: 0, errors: 0 };
  const column = { hit: 'hits', miss: 'misses', bypass: 'bypasses' } as const;
  events.on('lookup', (layer, outcome) => {
    counters.layers[layer][column[outcome]] += 1;
  });
  events.on('fill', (layer) => {
    counters.layers[layer].fills += 1;
  });
  events.on('stale', (layer) => {
    counters.layers[layer].stale_served += 1;
  });
  events.on('invalidation', () => {
    counters.invalidations += 1;
  });
  events.on('failure', () => {
    counters.errors += 1;
  });
  return counters;
}

const zero = (): LayerCounters => ({ hits: 0, misses: 0, bypasses: 0, fills: 0, stale_served: 0 });
