import type { Counters, Layer, Tier, TierCounters } from '../../cache/index.ts';
import type { Lookups, Outcomes } from './live-events.ts';

/** How many lookups there were since `take` was last called. */
export class LookupCounts {
  readonly #counters: Counters;
  #before: Lookups;

  constructor(counters: Counters) {
    this.#counters = counters;
    this.#before = this.#now();
  }

  take(): Lookups {
    const before = this.#before;
    const now = this.#now();
    this.#before = now;
    return ofEach((layer, tier) => difference(now[layer][tier], before[layer][tier]));
  }

  #now(): Lookups {
    const { layers } = this.#counters;
    return ofEach((layer, tier) => outcomes(layers[layer][tier]));
  }
}

function ofEach(make: (layer: Layer, tier: Tier) => Outcomes): Lookups {
  const tiers = (layer: Layer) => ({ local: make(layer, 'local'), shared: make(layer, 'shared') });
  return { pages: tiers('pages'), data: tiers('data') };
}

const outcomes = ({ hits, misses, bypasses }: TierCounters): Outcomes => ({ hits, misses, bypasses });

const difference = (now: Outcomes, before: Outcomes): Outcomes => ({
  hits: now.hits - before.hits,
  misses: now.misses - before.misses,
  bypasses: now.bypasses - before.bypasses,
});
