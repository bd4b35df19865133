import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { messageOf } from '../platform/index.ts';
import { GIVE_UP_MS } from './ending.ts';
import { Slots } from './slots.ts';
import { RETIRE } from './stop-signal.ts';
import { relayMetrics } from './workers-metrics.ts';

/** The pause between two starts of a worker that keeps ending: doubled from one failure to the next. Milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 16_000;

/** How long the workers get to end: a little longer than each grants itself. Milliseconds. */
const KILL_MS = GIVE_UP_MS + 200;

export interface WorkersOptions {
  readonly count: number;
  readonly log: FastifyBaseLogger;
  /** Ends them all. */
  readonly stop: AbortSignal;
}

/**
 * The worker processes, which share an address and accept connections as they have time, as the first process sees them: it
 * starts, replaces and ends them, and does nothing else that could fail.
 */
export class Workers {
  readonly #options: WorkersOptions;
  readonly #running = new Set<Worker>();
  /** The workers that listen and are not being replaced. */
  readonly #listening = new Slots<Worker>();
  #isRolling = false;

  constructor(options: WorkersOptions) {
    this.#options = options;
  }

  /**
   * Runs until `stop` and resolves when every worker has ended. The first worker migrates the database and reports why it
   * cannot start; the others are started after it.
   *
   * @param listening called with the line of the first worker when all of them listen
   * @returns the exit code
   */
  async run(listening: (said: string) => void): Promise<number> {
    const { count, stop } = this.#options;
    cluster.schedulingPolicy = cluster.SCHED_NONE; // A connection that the first process passes on would be lost if its worker died meanwhile.
    process.on('SIGUSR2', () => void this.#roll());
    relayMetrics(() => this.#listening.all);
    const said = await this.#start().catch(() => undefined);
    if (said === undefined && !stop.aborted) return 1;
    await Promise.all(Array.from({ length: count - 1 }, () => this.#startUntilItListens()));
    if (said !== undefined && !stop.aborted) listening(said);
    if (!stop.aborted) await once(stop, 'abort');
    await this.#end();
    return 0;
  }

  /** Resolves with the worker's line when it listens, and rejects when it ends before. */
  async #start(): Promise<string> {
    const { log, stop } = this.#options;
    stop.throwIfAborted();
    const worker = cluster.fork();
    this.#running.add(worker);
    const began = performance.now();
    const { pid } = worker.process;
    const ended = once(worker, 'exit').then(([code, signal]) => {
      this.#running.delete(worker);
      const wasWanted = this.#listening.delete(worker);
      if (stop.aborted) return;
      if (wasWanted) {
        log.error({ worker: pid, code, signal }, 'a worker has ended: starting another');
        void this.#startUntilItListens(began + FIRST_PAUSE_MS - performance.now());
      }
    });
    const [said] = await Promise.race([
      once(worker, 'message'),
      ended.then(() => Promise.reject(new Error(`worker ${pid} ended before it listened`))),
    ]);
    this.#listening.add(worker);
    log.info({ worker: pid }, 'a worker listens');
    return String(said);
  }

  /** @param pause before the first attempt, in milliseconds: what has just been started and ended may do so again */
  async #startUntilItListens(pause = 0): Promise<void> {
    const { log, stop } = this.#options;
    await this.#pause(pause);
    for (let next = FIRST_PAUSE_MS; !stop.aborted; next = Math.min(2 * next, MAX_PAUSE_MS)) {
      try {
        await this.#start();
        return;
      } catch (error) {
        if (!stop.aborted)
          log.error({ reason: messageOf(error), ms: next }, 'a worker did not start: trying again');
        await this.#pause(next);
      }
    }
  }

  /** Over at once when all are to end. */
  async #pause(milliseconds: number): Promise<void> {
    const { stop } = this.#options;
    await delay(Math.max(0, milliseconds), undefined, { signal: stop }).catch(() => {});
  }

  /** Replaces the workers, one after the other. An old one stays until its new one listens. */
  async #roll(): Promise<void> {
    const { log } = this.#options;
    if (this.#isRolling) return;
    this.#isRolling = true;
    log.info('replacing the workers, one after the other');
    for (const [, worker] of this.#listening.all) {
      if (this.#listening.delete(worker)) await this.#replace(worker);
    }
    log.info('the workers were replaced');
    this.#isRolling = false;
  }

  async #replace(worker: Worker): Promise<void> {
    const ended = once(worker, 'exit');
    await this.#startUntilItListens();
    worker.send(RETIRE, () => {}); // If it cannot be sent, the worker has ended.
    await ended;
  }

  async #end(): Promise<void> {
    const { log, stop } = this.#options;
    log.info({ cause: stop.reason, workers: this.#running.size }, 'stopping the workers');
    const kill = (signal: NodeJS.Signals) => {
      for (const worker of this.#running) worker.process.kill(signal);
    };
    const ends = [...this.#running].map((worker) => once(worker, 'exit'));
    kill(stop.reason);
    const late = setTimeout(() => kill('SIGKILL'), KILL_MS);
    await Promise.all(ends);
    clearTimeout(late);
    log.info('every worker has stopped');
  }
}
