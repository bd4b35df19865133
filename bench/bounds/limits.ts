const BYTES_PER_MB = 1024 * 1024;

/** `CACHE_LOCAL_MAX_MB` of the run: a quarter of the default, so that it is full soon. Bytes. */
export const LOCAL_MAX_BYTES = 16 * BYTES_PER_MB;

/** `maxmemory` of the Redis of the run. Bytes. */
export const REDIS_MAX_BYTES = 64 * BYTES_PER_MB;

/**
 * Redis evicts before it runs a command, not after, and stops after half a millisecond to answer
 * (`maxmemory-eviction-tenacity`): what its clients send and are sent meanwhile counts as well.
 */
export const REDIS_ROOM_BYTES = 2 * BYTES_PER_MB;

/** The share of the work at which each is measured. The first is for the reader: what is bounded still fills. */
export const CHECKPOINTS = [0.1, 0.25, 0.5, 0.75, 1] as const;

/**
 * Pages after which all that is bounded is full. MAX_TOKENS of MemoryStore and of TokenMirror is the last to be: a
 * page has one token of its own, and of some the token was invalidated, so that it takes some more pages than tokens.
 */
const FULL_KEYS = 1.25 * 65_536;

/** However many pages there are, a quarter of the work may pass before it counts. */
const EARLIEST = 0.25;

/** Half the work has to be left for something to grow in. */
const LATEST = 0.5;

/** The least number of pages of which enough are left after all is full. */
export const LEAST_KEYS = FULL_KEYS / LATEST;

/** The checkpoint from which on nothing may grow. */
export function fullAt(keys: number): number {
  return CHECKPOINTS.find((share) => share >= EARLIEST && share * keys >= FULL_KEYS) ?? 1;
}

/** What counts as flat: the larger of these. */
const GROWTH_SHARE = 0.1;
const GROWTH_BYTES = 8 * BYTES_PER_MB;

/** How much may be added to `bytes` that were in use when everything was full. */
export const allowedGrowth = (bytes: number): number => Math.max(GROWTH_SHARE * bytes, GROWTH_BYTES);

export const megabytes = (bytes: number): string => (bytes / BYTES_PER_MB).toFixed(1);
