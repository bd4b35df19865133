export interface WindowSummary {
  /** How many reads were stale, and their share of all. */
  readonly count: number;
  readonly share: number;
  /** Of the stale reads. Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Of all reads, those that were not stale counting as 0. Milliseconds. */
  readonly p99OfAll: number;
}

/** @param windows of the stale reads, in milliseconds, in any order */
export function summarize(windows: readonly number[], reads: number): WindowSummary {
  const sorted = [...windows].sort((a, b) => a - b);
  return {
    count: sorted.length,
    share: reads === 0 ? 0 : sorted.length / reads,
    p50: percentile(sorted, 0.5, 0),
    p99: percentile(sorted, 0.99, 0),
    max: sorted.at(-1) ?? 0,
    p99OfAll: percentile(sorted, 0.99, reads - sorted.length),
  };
}

/** Nearest rank, of the sorted values after so many zeros. */
function percentile(sorted: readonly number[], share: number, zeros: number): number {
  const rank = Math.ceil(share * (zeros + sorted.length));
  return sorted[rank - zeros - 1] ?? 0;
}
