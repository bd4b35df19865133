import type { TierCounters } from '../../src/cache/telemetry/counters.ts';
import { thousands } from '../table.ts';
import { allowedGrowth, fullAt, megabytes, REDIS_MAX_BYTES, REDIS_ROOM_BYTES } from './limits.ts';
import type { Reading } from './reading.ts';
import type { Amount } from './workload.ts';

export interface Checkpoint extends Amount, Reading {
  /** Of the work. */
  readonly share: number;
  /** Since the checkpoint before. */
  readonly seconds: number;
  readonly again: number;
}

/** What the caches counted: without fills and hits there was nothing whose memory could grow. */
export type Counts = TierCounters & { readonly here: number; readonly failed: number };

/** The least share of the pages that were kept, of those asked for again that were hits, and of invalidations made. */
const LEAST_SHARE = 0.95;

/** What is wrong, each in one clause. */
export function failuresOf(name: string, checkpoints: readonly Checkpoint[], counts: Counts): string[] {
  const end = checkpoints.at(-1);
  const full = checkpoints.find(({ share }) => share === fullAt(end?.keys ?? 0));
  if (!full || !end) throw new Error('there was no checkpoint at which all was full');
  const failures = [...idle(end, counts), ...growth(full, end), ...redis(end)];
  return failures.map((failure) => `${name}: ${failure}`);
}

/** A run that did not do the work proves nothing. */
function idle({ keys, again, invalidations }: Checkpoint, counts: Counts): string[] {
  return [
    { what: 'pages were kept', count: counts.fills, of: keys },
    { what: 'pages that were asked for again were hits', count: counts.hits, of: again },
    { what: 'invalidations succeeded at once', count: counts.here, of: invalidations },
  ]
    .filter(({ count, of }) => count < LEAST_SHARE * of)
    .map(({ what, count, of }) => `only ${thousands(count)} of ${thousands(of)} ${what}`);
}

function growth(full: Checkpoint, end: Checkpoint): string[] {
  const grown = end.held - full.held;
  const allowed = allowedGrowth(full.held);
  if (grown < allowed) return [];
  const bytes = Math.round(grown / (end.keys - full.keys));
  return [
    `the process grew by ${megabytes(grown)} MB from ${full.share * 100} % on, ${bytes} bytes a page (allowed: ${megabytes(allowed)} MB)`,
  ];
}

function redis({ redis }: Checkpoint): string[] {
  if (!redis) return [];
  const limit = REDIS_MAX_BYTES + REDIS_ROOM_BYTES;
  const failures: string[] = [];
  if (redis.peak > limit)
    failures.push(`Redis used ${megabytes(redis.peak)} MB (allowed: ${megabytes(limit)} MB)`);
  if (redis.evicted === 0) failures.push('Redis never came to its maxmemory');
  return failures;
}
