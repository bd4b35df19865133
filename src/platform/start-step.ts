import { tenths } from './tenths.ts';

/** After how long the log has a line on what a step waits for; then again after twice as long, and so on. Milliseconds. */
const PATIENCE_MS = 1_500;

/** Where the steps are logged. */
export interface StartLog {
  info(details: object, text: string): void;
  debug(details: object, text: string): void;
}

export interface StartStep {
  /** Its name in the log. */
  readonly step: string;
  /** What it waits for, until `work` gives something more exact. */
  readonly waitsFor: string;
  readonly patience?: number;
}

/**
 * Runs one step of the start: the log has its duration at `debug`, and while it takes long a line on what it waits for. It sets
 * no limit: each step has limits of its own.
 */
export async function takeStep<T>(
  log: StartLog,
  { step, waitsFor, patience = PATIENCE_MS }: StartStep,
  work: (waitsFor: (what: string) => void) => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const elapsed = () => tenths(performance.now() - began);
  let what = waitsFor;
  const sayIn = (ms: number): NodeJS.Timeout =>
    setTimeout(() => {
      log.info({ step, ms: elapsed() }, `the start waits for ${what}`);
      timer = sayIn(2 * ms);
    }, ms);
  let timer = sayIn(patience);
  try {
    return await work((more) => {
      what = more;
    });
  } finally {
    clearTimeout(timer);
    log.debug({ step, ms: elapsed() }, 'a step of the start is done');
  }
}
