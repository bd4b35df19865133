import { setTimeout as delay } from 'node:timers/promises';
import { isSerializationFailure } from './failures.ts';

/** How often a transaction is tried, and after how many milliseconds it is not tried again. */
const MAX_TRIES = 12;
const MAX_MS = 3_000;

/** The longest pause before the second try, doubled for each further one, and its limit. Milliseconds. */
const FIRST_PAUSE_MS = 8;
const MAX_PAUSE_MS = 250;

/**
 * Runs a transaction that PostgreSQL may roll back because of others that ran at the same time, and again if it did
 * (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html). Pauses are random, so that
 * transactions which collided once do not collide again.
 */
export async function retried<T>(
  run: () => Promise<T>,
  isWorthAnother: (error: unknown) => boolean = isSerializationFailure,
): Promise<T> {
  const began = performance.now();
  for (let tries = 1; tries < MAX_TRIES && performance.now() - began < MAX_MS; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
    }
    await delay(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), MAX_PAUSE_MS));
  }
  return run();
}
