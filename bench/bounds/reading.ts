import { setTimeout as delay } from 'node:timers/promises';
import type { RedisClientType } from 'redis';

/** How much memory is in use. Bytes. */
export interface Reading {
  /** What this process holds: JavaScript's heap, and the Buffers and other memory outside that it keeps alive. */
  readonly held: number;
  /** What the operating system gave it: more, and given back late if ever. */
  readonly rss: number;
  readonly redis: RedisReading | undefined;
}

export interface RedisReading {
  readonly used: number;
  /** The most that was ever in use. */
  readonly peak: number;
  readonly keys: number;
  readonly evicted: number;
  /** Keys whose readers it remembers, to tell them of changes (`CLIENT TRACKING`). */
  readonly tracked: number;
}

/** For sockets and timers to end what they have begun. Milliseconds. */
const SETTLE_MS = 100;

/** Twice: what the first collection only marks as unreachable, as Buffers' memory, the second frees. */
const COLLECTIONS = 2;

export async function takeReading(gc: () => void, observer: RedisClientType | undefined): Promise<Reading> {
  const redis = observer && (await readRedis(observer));
  for (let collection = 0; collection < COLLECTIONS; collection += 1) {
    await delay(SETTLE_MS);
    gc();
  }
  const { heapUsed, external, rss } = process.memoryUsage(); // `external` has `arrayBuffers` in it.
  return { held: heapUsed + external, rss, redis };
}

async function readRedis(observer: RedisClientType): Promise<RedisReading> {
  const [memory, stats, keys] = await Promise.all([
    observer.info('memory'),
    observer.info('stats'),
    observer.dbSize(),
  ]);
  return {
    used: figure(memory, 'used_memory'),
    peak: figure(memory, 'used_memory_peak'),
    evicted: figure(stats, 'evicted_keys'),
    tracked: figure(stats, 'tracking_total_keys'),
    keys,
  };
}

function figure(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
}
