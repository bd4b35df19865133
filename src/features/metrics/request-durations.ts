const NAME = 'http_request_duration_seconds';

/** Upper bounds of the buckets. Milliseconds. */
const BOUNDS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

/** Clients may name any method that the parser knows. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Where a request is counted that no route was found for. */
const NO_ROUTE = 'none';

interface Series {
  /** As they are written. */
  readonly labels: string;
  /** How many were no longer than each bound and longer than the one before; the last: longer than all. */
  readonly counts: Float64Array;
  /** Milliseconds. */
  sum: number;
}

/**
 * How long requests took, by route, method and status: a histogram of Prometheus. prom-client's own `observe` puts the
 * labels together and hashes them each time, which costs a tenth of a cached hit: here a request adds to two numbers, and
 * the rest is done when the metrics are read.
 */
export class RequestDurations {
  readonly #series = new Map<string, Map<string, Map<number, Series>>>();

  /** A request that was answered after so many milliseconds. */
  add(route: string | undefined, method: string, status: number, elapsed: number): void {
    const series =
      this.#series
        .get(route ?? NO_ROUTE)
        ?.get(method)
        ?.get(status) ?? this.#begin(route ?? NO_ROUTE, method, status);
    let bucket = 0;
    while (bucket < BOUNDS.length && elapsed > Number(BOUNDS[bucket])) bucket += 1;
    series.counts[bucket] = Number(series.counts[bucket]) + 1;
    series.sum += elapsed;
  }

  /** In the text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
  get text(): string {
    const all = [...this.#series.values()].flatMap((methods) => [...methods.values()]);
    const series = new Set(all.flatMap((statuses) => [...statuses.values()]));
    const lines = [`# HELP ${NAME} How long requests took, cached hits included`, `# TYPE ${NAME} histogram`];
    return `${[...lines, ...[...series].flatMap(linesOf)].join('\n')}\n`;
  }

  #begin(route: string, given: string, status: number): Series {
    const method = METHODS.has(given) ? given : 'other';
    const methods = ensure(this.#series, route, () => new Map<string, Map<number, Series>>());
    const statuses = ensure(methods, method, () => new Map<number, Series>());
    return ensure(statuses, status, () => ({
      labels: `route=${JSON.stringify(route)},method="${method}",status="${status}"`,
      counts: new Float64Array(BOUNDS.length + 1),
      sum: 0,
    }));
  }
}

function ensure<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function linesOf({ labels, counts, sum }: Series): string[] {
  let total = 0;
  const buckets = Array.from(counts, (count, index) => {
    total += count;
    const bound = BOUNDS[index];
    return `${NAME}_bucket{${labels},le="${bound === undefined ? '+Inf' : bound / 1000}"} ${total}`;
  });
  return [...buckets, `${NAME}_sum{${labels}} ${sum / 1000}`, `${NAME}_count{${labels}} ${total}`];
}
