import type { CachesOptions } from '../../src/cache/caches.ts';
import type { Times } from '../../src/platform/times.ts';

/** Longer than anything that is there takes to answer on a busy machine. Milliseconds. */
export const PATIENT_MS = 25_000;

/** For a Redis or a PostgreSQL that is there never to seem away, nor the service overloaded. */
export const PATIENT: Times = {
  redisStartMs: 8_000, // Fastify gives a plugin ten seconds.
  redisSilenceMs: PATIENT_MS,
  storeMs: PATIENT_MS,
  invalidationMs: PATIENT_MS,
  peersMs: PATIENT_MS,
  mirrorMs: PATIENT_MS,
  leaderMs: PATIENT_MS,
  countMs: PATIENT_MS,
  listenerAliveMs: PATIENT_MS,
  listenerSilenceMs: PATIENT_MS,
  probeMs: PATIENT_MS,
  loopDelayMs: PATIENT_MS,
  gateMs: PATIENT_MS,
};

/** The same for caches by themselves. */
export const PATIENT_CACHES = {
  patience: PATIENT_MS,
  invalidationPatience: PATIENT_MS,
  leaderMs: PATIENT_MS,
} satisfies Partial<CachesOptions>;
