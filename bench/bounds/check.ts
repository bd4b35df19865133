import { createCaches } from '../../src/cache/caches.ts';
import { EVERYTHING } from '../../src/features/properties/tags.ts';
import { Cleanup } from '../../support/cleanup.ts';
import type { Scope } from '../../support/scope.ts';
import { formatTable, thousands } from '../table.ts';
import { type Checkpoint, failuresOf } from './failures.ts';
import { CHECKPOINTS, megabytes } from './limits.ts';
import { takeReading } from './reading.ts';
import type { BoundedStore } from './stores.ts';
import { type Amount, Workload } from './workload.ts';

export interface CheckOptions extends Amount {
  readonly gc: () => void;
  readonly scope: Scope;
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
  /** What is of interest only while it runs. */
  readonly say: (line: string) => void;
}

/** Does the whole work with one store, and prints its table. Returns what was not as it should be. */
export async function checkStore({ name, open }: BoundedStore, options: CheckOptions): Promise<string[]> {
  const { gc, signal, print, say } = options;
  const own = new Cleanup();
  options.scope.teardown(() => own.close()); // Should the run be interrupted.
  try {
    const { store, observer } = await open(own);
    const caches = createCaches({ store, everything: EVERYTHING, staleIfError: 0 });
    own.teardown(() => caches.close());
    const workload = new Workload(caches, options, signal);
    const checkpoints: Checkpoint[] = [];
    for (const share of [0, ...CHECKPOINTS]) {
      const began = performance.now();
      await workload.goOn(share);
      const seconds = (performance.now() - began) / 1000;
      checkpoints.push({ share, ...workload.done, seconds, ...(await takeReading(gc, observer)) });
      say(`${name}: ${share * 100} %`);
    }
    const counts = { ...caches.counters.layers.pages[store.tier], ...caches.counters.invalidations };
    const hits = Object.values(caches.counters.layers.pages).reduce((sum, tier) => sum + tier.hits, 0);
    print(`${name}\n${tableOf(checkpoints)}${summaryOf(checkpoints, { ...counts, hits })}\n`);
    return failuresOf(name, checkpoints, { ...counts, hits });
  } finally {
    await own.close();
  }
}

const PROCESS_COLUMNS = ['done', 'pages', 'invalidations', 'pages/s', 'held MB', 'RSS MB'];
const REDIS_COLUMNS = ['Redis MB', 'peak MB', 'its keys', 'evicted', 'tracked'];

function tableOf(checkpoints: readonly Checkpoint[]): string {
  const header = checkpoints[0]?.redis ? [...PROCESS_COLUMNS, ...REDIS_COLUMNS] : PROCESS_COLUMNS;
  return formatTable(
    header,
    checkpoints.map((checkpoint, index) => rowOf(checkpoint, checkpoints[index - 1])),
  );
}

function rowOf(checkpoint: Checkpoint, before: Checkpoint | undefined): string[] {
  const { share, keys, invalidations, seconds, held, rss, redis } = checkpoint;
  const rate = before ? thousands((keys - before.keys) / seconds) : '';
  const row = [
    `${share * 100} %`,
    thousands(keys),
    thousands(invalidations),
    rate,
    megabytes(held),
    megabytes(rss),
  ];
  if (!redis) return row;
  const counts = [redis.keys, redis.evicted, redis.tracked].map(thousands);
  return [...row, megabytes(redis.used), megabytes(redis.peak), ...counts];
}

type Counts = Parameters<typeof failuresOf>[2];

function summaryOf(
  checkpoints: readonly Checkpoint[],
  { fills, fenced_fills, hits, bypasses }: Counts,
): string {
  const seconds = checkpoints.reduce((sum, checkpoint) => sum + checkpoint.seconds, 0);
  const again = checkpoints.at(-1)?.again ?? 0;
  const done = `${thousands(fills)} kept, ${thousands(fenced_fills)} fenced, ${thousands(bypasses)} bypassed`;
  return `  ${seconds.toFixed(1)} s; ${done}; ${thousands(hits)} of ${thousands(again)} asked for again were hits\n`;
}
