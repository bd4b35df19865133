import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../support/random.ts';
import { ABSENT, type Sighting } from './history.ts';
import type { Target } from './instance.ts';
import type { Answer, Client } from './requests.ts';
import type { Row, Rows } from './rows.ts';
import type { Tally } from './tally.ts';
import { sightingOf } from './titles.ts';

/** The longest pause of a reader between two reads: this machine must not be what is measured. Milliseconds. */
const PAUSE_MS = 10;

/** After a read that failed: servers that are away are not to be stormed. Milliseconds. */
const FAILED_MS = 50;

/** How long a reader waits before it asks something else as well. Milliseconds. */
const PATIENCE_MS = 100;

/**
 * How many reads may be under way at one instance: while it hangs on what it has to load, what it has in its cache
 * is still to be read.
 */
const MAX_UNDER_WAY = 256;

/** The share of lists among the reads. */
const LISTS = 0.5;

/** Every row is in each of them: all are written in one place and with the same words. */
const LIST_PATHS = [
  '/properties/',
  '/properties/?location=ACCRA',
  '/properties/?q=written&sort=-price&limit=1000',
];

export interface ReadersOptions {
  readonly instances: readonly Target[];
  readonly client: Client;
  readonly rows: Rows;
  readonly tally: Tally;
  readonly random: Random;
}

/** What a read answered, to be compared with the table. */
export interface Seen {
  readonly seen: readonly Sighting[];
  readonly cacheStatus: string;
}

/** Clients that read, lists and rows, and have every answer judged. */
export class Readers {
  readonly #options: ReadersOptions;
  readonly #underWay = new Map<Target, Set<Promise<unknown>>>();

  constructor(options: ReadersOptions) {
    this.#options = options;
    for (const instance of options.instances) this.#underWay.set(instance, new Set());
  }

  async run(count: number, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#read(signal)));
  }

  /** Resolves when every read that was begun has ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#underWay.values()].flatMap((reads) => [...reads]));
  }

  /**
   * Reads what has just been written, at once and on any instance: the moment in which a late invalidation shows.
   * The writer need not wait for it.
   */
  readBack(written: Row): void {
    void this.#start(written);
  }

  list(instance: Target, path = '/properties/'): Promise<Seen | undefined> {
    return this.#ask(instance, path, (answer) => ({ whole: true, seen: sightingsIn(answer) }));
  }

  row(instance: Target, row: number, id: number): Promise<Seen | undefined> {
    return this.#ask(instance, `/properties/${id}/`, (answer) => ({
      whole: false,
      seen: [answer.status === 404 ? { row, version: ABSENT } : sightingOf(JSON.parse(answer.body).title)],
    }));
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { random, rows } = this.#options;
    while (!signal.aborted) {
      await Promise.race([this.#start(random.pick(rows.readable)), delay(PATIENCE_MS)]);
      await delay(random.below(PAUSE_MS));
    }
  }

  /** Of one instance, by chance; pauses when it failed, or when all have too much to do. */
  async #start(wanted: Row): Promise<void> {
    const { instances, random } = this.#options;
    const free = instances.filter((instance) => this.#readsOf(instance).size < MAX_UNDER_WAY);
    const [instance] = random.shuffled(free);
    const answer = instance && (await this.#track(instance, this.#either(instance, wanted)));
    if (!answer) await delay(FAILED_MS);
  }

  async #track<T>(instance: Target, read: Promise<T>): Promise<T> {
    const reads = this.#readsOf(instance);
    reads.add(read);
    try {
      return await read;
    } finally {
      reads.delete(read);
    }
  }

  #readsOf(instance: Target): Set<Promise<unknown>> {
    return this.#underWay.get(instance) ?? new Set();
  }

  #either(instance: Target, { row, id }: Row): Promise<Seen | undefined> {
    const { random } = this.#options;
    return random.next() < LISTS ? this.list(instance, random.pick(LIST_PATHS)) : this.row(instance, row, id);
  }

  async #ask(
    instance: Target,
    path: string,
    understand: (answer: Answered) => { whole: boolean; seen: readonly Sighting[] },
  ): Promise<Seen | undefined> {
    const { client, tally } = this.#options;
    const what = `GET ${path}`;
    const began = performance.now();
    const answer = await client.ask({ method: 'GET', url: instance.address + path });
    const ended = performance.now();
    const exchange = { what, instance: instance.number, began, ended };
    if (answer.outcome !== 'answered' || (answer.status !== 200 && answer.status !== 404)) {
      tally.failure({ ...exchange, answer });
      return undefined;
    }
    const { cacheStatus } = answer;
    const understood = understand(answer);
    tally.read({ ...exchange, ...understood, cacheStatus });
    return { seen: understood.seen, cacheStatus };
  }
}

type Answered = Extract<Answer, { outcome: 'answered' }>;

function sightingsIn({ body }: Answered): Sighting[] {
  const { properties = [] } = JSON.parse(body);
  return properties.map(({ title }: { title: string }) => sightingOf(title));
}
