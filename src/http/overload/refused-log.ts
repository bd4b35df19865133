import type { FastifyBaseLogger } from 'fastify';

/** An overload is over after so long without a refusal. Milliseconds. */
const QUIET_MS = 1_000;

/** One line when requests begin to be refused, and one when none is any more, with how many they were. */
export class RefusedLog {
  readonly #log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
  readonly #quietMs: number;
  #total = 0;
  #before = 0;
  #quiet: NodeJS.Timeout | undefined;

  constructor(log: Pick<FastifyBaseLogger, 'info' | 'warn'>, quietMs: number = QUIET_MS) {
    this.#log = log;
    this.#quietMs = quietMs;
  }

  /** Since the start. */
  get total(): number {
    return this.#total;
  }

  count(): void {
    this.#total += 1;
    if (this.#quiet) {
      this.#quiet.refresh();
      return;
    }
    this.#log.warn('overloaded: refusing requests that would be answered too late');
    this.#quiet = setTimeout(() => this.#end(), this.#quietMs).unref();
  }

  #end(): void {
    this.#quiet = undefined;
    this.#log.info({ refused: this.#total - this.#before }, 'not overloaded any more: refusing nothing');
    this.#before = this.#total;
  }
}
