import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../support/random.ts';
import { RECOVERY_MS } from './at-rest.ts';
import { FAULTS, type Fault } from './faults.ts';
import type { Fleet } from './fleet.ts';
import type { Options } from './options.ts';
import type { FaultSummary } from './report.ts';
import type { Tally } from './tally.ts';
import type { Timeline } from './timeline.ts';

/** How long everything is well between two faults, hits seen. Milliseconds. */
const HEALTHY_MS = 250;

/** Between two looks whether every instance answers from its cache again. Milliseconds. */
const LOOK_MS = 5;

export interface ScheduleOptions {
  readonly options: Options;
  readonly fleet: Fleet;
  readonly timeline: Timeline;
  readonly tally: Tally;
  readonly random: Random;
  /** Told of every fault as it begins. */
  readonly say: (line: string) => void;
}

/** One fault after the other, in rounds of all that were chosen, until the time is over. */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #summaries = new Map<string, FaultSummary>();

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  get summaries(): readonly FaultSummary[] {
    return [...this.#summaries.values()];
  }

  async run(signal: AbortSignal): Promise<void> {
    const { options, random } = this.#options;
    const deadline = performance.now() + options.seconds * 1_000;
    const chosen = FAULTS.filter(({ name }) => options.faults.includes(name));
    await this.#recovery('the start', signal);
    const mayBegin = (round: number) => round === 1 || performance.now() < deadline;
    for (let round = 1; chosen.length > 0 && mayBegin(round); round += 1) {
      for (const fault of random.shuffled(chosen)) {
        if (!mayBegin(round)) return;
        await this.#inject(fault, signal);
      }
    }
    await delay(Math.max(0, deadline - performance.now()), undefined, { signal });
  }

  async #inject(fault: Fault, signal: AbortSignal): Promise<void> {
    const { fleet, timeline, tally, random, say } = this.#options;
    const { name, single, graceful } = fault;
    const { front } = fleet;
    const instance = random.pick(fleet.instances);
    await fault.prepare?.(fleet, signal);
    const began = performance.now();
    say(`${tally.at(began)}: ${name}${single ? ` of instance ${instance.number}` : ''}`);
    const window = timeline.open({
      name,
      instance: single && !front ? instance.number : undefined,
      consequences: graceful && front ? {} : fault.consequences,
      began,
    });
    await fault.inject(fleet, instance, signal);
    window.healed = performance.now();
    const recovery = await this.#recovery(name, signal);
    window.recovered = performance.now();
    const { count, recovery: worst } = this.#summaries.get(name) ?? { count: 0, recovery: 0 };
    this.#summaries.set(name, { name, count: count + 1, recovery: Math.max(worst, recovery) });
    await delay(HEALTHY_MS, undefined, { signal });
  }

  /** How long it takes from now until every instance has answered from its cache. Milliseconds. */
  async #recovery(name: string, signal: AbortSignal): Promise<number> {
    const { fleet, tally } = this.#options;
    const from = performance.now();
    tally.watchHits(from);
    while (tally.firstHits.length < fleet.targets.length) {
      if (performance.now() - from > RECOVERY_MS) {
        tally.wrong('no recovery', `${tally.at(from)}: not every instance had a hit since ${name}`);
        return RECOVERY_MS;
      }
      await delay(LOOK_MS, undefined, { signal });
    }
    return Math.max(...tally.firstHits) - from;
  }
}
