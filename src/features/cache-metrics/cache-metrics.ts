import { type Static, Type } from 'typebox';
import type { Caches, KeyspaceStatistics } from '../../cache/index.ts';
import { named } from '../../http/index.ts';

const counting = (description: string) => Type.Integer({ minimum: 0, description });

const Count = Type.Integer({ minimum: 0 });
const CountOrUnknown = Type.Union([Count, Type.Null()]);

/** The events in `src/cache/telemetry/events.ts`, counted. */
const TierSchema = Type.Object({
  hits: counting('lookups that the tier had an entry for that could be served'),
  misses: counting('lookups for which it had none, or an invalidated or an expired one'),
  bypasses: counting('lookups for which it could not be asked, or was not to be trusted'),
  waits: counting('times that a lookup waited for the load of another, here (local) or elsewhere (shared)'),
  fills: counting('loaded values that were handed to it, to be kept as long as there is room'),
  fenced_fills: counting('loaded values that will never be served: invalidated since the load began'),
  stale_served: counting('old answers served: expired while they are refreshed, or the last known one'),
  errors: counting('operations of the tier that failed, or had no answer in time'),
});

/** The local tier is this process's memory, the shared one is Redis. */
const LayerSchema = Type.Object({ local: TierSchema, shared: TierSchema });

/** `GET /properties/cache-metrics/`. The first four are null while Redis does not answer. */
export const CacheMetricsSchema = named(
  'CacheMetrics',
  Type.Object({
    metrics: Type.Object({
      keyspace_hits: CountOrUnknown,
      keyspace_misses: CountOrUnknown,
      total_requests: CountOrUnknown,
      hit_ratio: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]),
    }),
    store: Type.Union([Type.Literal('redis'), Type.Literal('memory')]),
    layers: Type.Object({ pages: LayerSchema, data: LayerSchema }),
    invalidations: Type.Object({
      here: counting('invalidations made by this process, the echo of its own writes included'),
      elsewhere: counting('tokens that others took away, as Redis reported it'),
      failed: counting('attempts that failed, each made up for by invalidating everything'),
    }),
    bypassed: Type.Boolean({
      description:
        'an invalidation is being retried, or changes may be missed: nothing is read from the cache',
    }),
  }),
);

export type CacheMetrics = Static<typeof CacheMetricsSchema>;

export async function cacheMetrics(caches: Caches): Promise<CacheMetrics> {
  const { counters, bypassed, shared } = caches;
  const keyspace = await caches.keyspace();
  return {
    metrics: keyspaceMetrics(keyspace),
    store: shared?.kind ?? 'memory',
    layers: counters.layers,
    invalidations: counters.invalidations,
    bypassed,
  };
}

function keyspaceMetrics(keyspace: KeyspaceStatistics | undefined): CacheMetrics['metrics'] {
  if (!keyspace) return { keyspace_hits: null, keyspace_misses: null, total_requests: null, hit_ratio: null };
  const { hits, misses } = keyspace;
  const total = hits + misses;
  return {
    keyspace_hits: hits,
    keyspace_misses: misses,
    total_requests: total,
    hit_ratio: total === 0 ? 0 : hits / total,
  };
}
