import type { Writers, Written } from './writers.ts';

export interface RoundOptions {
  readonly rounds: number;
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

/** Writes a second, of each round. */
export interface Result {
  readonly enabled: readonly number[];
  readonly disabled: readonly number[];
}

/**
 * Rounds with the triggers and without by turns, and every other pair the other way round: what else the machine
 * does meanwhile, and what the table has come to, weigh on both alike. One pair before them is not counted.
 */
export async function measure(
  writers: Writers,
  { rounds, milliseconds, signal }: RoundOptions,
): Promise<Result> {
  const enabled: number[] = [];
  const disabled: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    for (const on of round % 2 === 0 ? [true, false] : [false, true]) {
      signal.throwIfAborted();
      const rate = await measureOne(writers, on, milliseconds);
      if (round > 0) (on ? enabled : disabled).push(rate);
    }
  }
  return { enabled, disabled };
}

async function measureOne(writers: Writers, on: boolean, milliseconds: number): Promise<number> {
  await writers.notify(on);
  const written = await writers.write(milliseconds);
  expectHeard(written, on);
  return written.writes / written.seconds;
}

/** Otherwise the triggers were not what was measured. */
function expectHeard({ writes, heard }: Written, on: boolean): void {
  const expected = on ? writes : 0;
  if (heard !== expected) throw new Error(`of ${expected} notifications ${heard} were heard`);
}
