import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../support/random.ts';
import { type Postgres, WRITE_KEY } from './fleet.ts';
import type { History, Outcome, Write } from './history.ts';
import type { Target } from './instance.ts';
import { LeastBusy } from './least-busy.ts';
import type { Readers } from './readers.ts';
import { type Answer, type Client, type Question, REQUEST_MS } from './requests.ts';
import type { Row, Rows } from './rows.ts';
import type { Exchange, Tally } from './tally.ts';
import type { Timeline } from './timeline.ts';
import { titleOf } from './titles.ts';

/** The longest pause of a writer between two writes: pages must live long enough to be hit. Milliseconds. */
const PAUSE_MS = 200;

/** How many rows are there from the beginning to the end. */
const LASTING_ROWS = 20;

/** The share of rows added and deleted among the writes, and how many at most are there at a time. */
const PASSING = 0.2;
const MAX_PASSING = 10;

/** How many rows one statement of SQL changes. */
const ROWS_AT_ONCE = 3;

/** What every row has but its title. */
const FIELDS = { description: 'Written by the checker.', price: '1200.00', location: 'Accra' };

export interface WritersOptions {
  readonly instances: readonly Target[];
  readonly postgres: Postgres;
  /** The instances share a Redis. */
  readonly redis: boolean;
  /** A proxy is asked: when an instance ends, it sends an idempotent request to another one (RFC 9110 §9.2.2). */
  readonly proxy: boolean;
  readonly client: Client;
  readonly history: History;
  readonly timeline: Timeline;
  readonly rows: Rows;
  readonly tally: Tally;
  readonly readers: Readers;
  readonly random: Random;
}

type Settled = Exclude<Outcome, 'pending'>;

/** Clients that write, each row one at a time, record what became of it, and read it back. */
export class Writers {
  readonly #options: WritersOptions;
  readonly #turn: LeastBusy;

  constructor(options: WritersOptions) {
    this.#options = options;
    this.#turn = new LeastBusy(options.instances, options.random);
  }

  /** Adds the lasting rows. */
  async prepare(): Promise<void> {
    const { rows } = this.#options;
    while (rows.lasting.length < LASTING_ROWS) {
      const added = await this.#add();
      if (!added) throw new Error('the first rows cannot be written: is the service broken?');
      rows.keep(added);
    }
  }

  /** @param outside whether one more writes with SQL */
  async run(count: number, outside: boolean, signal: AbortSignal): Promise<void> {
    const writers = Array.from({ length: count }, () => this.#repeat(() => this.#writeOne(), signal));
    if (outside) writers.push(this.#repeat(() => this.#writeOutside(), signal));
    await Promise.all(writers);
  }

  async #repeat(write: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await write();
      await delay(this.#options.random.below(PAUSE_MS));
    }
  }

  async #writeOne(): Promise<void> {
    const { random, rows } = this.#options;
    if (random.next() >= PASSING) return rows.alone(1, ([row]) => this.#change(row));
    if (random.below(MAX_PASSING) < rows.lent) return this.#delete(rows.takeBack());
    const added = await this.#add();
    if (added) rows.lend(added);
  }

  /** Undefined: it may be there, but its id is unknown. */
  async #add(): Promise<Row | undefined> {
    const row = this.#options.rows.next();
    const answer = await this.#ask(row, true, (address, title) => ({
      method: 'POST',
      url: `${address}/properties/`,
      body: { ...FIELDS, title },
    }));
    if (outcomeOf(answer) !== 'acked' || answer.outcome !== 'answered') return undefined;
    const added = { row, id: JSON.parse(answer.body).id };
    this.#options.readers.readBack(added);
    return added;
  }

  async #change(changed: Row | undefined): Promise<void> {
    if (!changed) return;
    const whole = this.#options.random.next() < 0.5;
    await this.#ask(changed.row, true, (address, title) => ({
      method: whole ? 'PUT' : 'PATCH',
      url: `${address}/properties/${changed.id}/`,
      body: whole ? { ...FIELDS, title } : { title },
    }));
    this.#options.readers.readBack(changed);
  }

  async #delete(deleted: Row | undefined): Promise<void> {
    if (!deleted) return;
    await this.#ask(deleted.row, false, (address) => ({
      method: 'DELETE',
      url: `${address}/properties/${deleted.id}/`,
    }));
    this.#options.readers.readBack(deleted);
  }

  #ask(row: number, present: boolean, ask: (address: string, title: string) => Question): Promise<Answer> {
    const { client, history, tally } = this.#options;
    return this.#turn.run(async (instance) => {
      const began = performance.now();
      const write = history.invoke({ row, present, source: instance.number, invoked: began });
      const question = ask(instance.address, titleOf(write));
      const answer = await client.ask({ ...question, key: WRITE_KEY });
      const ended = performance.now();
      const what = `${question.method} ${titleOf(write)}`;
      const exchange = { what, instance: instance.number, began, ended, answer };
      if (!present && this.#mayBeRepeated(exchange)) {
        this.#end(write, ended, 'unknown');
        return answer;
      }
      const outcome = outcomeOf(answer);
      this.#end(write, ended, outcome);
      if (outcome !== 'acked') tally.failure(exchange);
      return answer;
    });
  }

  /** A DELETE that found nothing: the proxy may have sent it before, to an instance that ended before it answered. */
  #mayBeRepeated({ instance, began, ended, answer }: Exchange): boolean {
    const { proxy, timeline } = this.#options;
    const isNotFound = answer.outcome === 'answered' && answer.status === 404;
    return proxy && isNotFound && timeline.explains('fails', instance, began, ended);
  }

  async #writeOutside(): Promise<void> {
    const { history, postgres, rows } = this.#options;
    await rows.alone(ROWS_AT_ONCE, async (chosen) => {
      const invoked = performance.now();
      const begun = chosen.map(({ row, id }) => ({
        id,
        write: history.invoke({ row, present: true, source: 'sql', invoked }),
      }));
      const values = begun.map(({ id, write }) => `(${id}, '${titleOf(write)}')`).join(', ');
      const sql = `UPDATE properties_property SET title = v.title FROM (VALUES ${values}) AS v (id, title)
        WHERE properties_property.id = v.id`;
      const done = postgres.execute(sql).then(
        () => 'acked' as const,
        () => 'unknown' as const,
      );
      const outcome = await Promise.race([done, delay(REQUEST_MS, 'unknown' as const, { ref: false })]);
      for (const { write } of begun) this.#end(write, performance.now(), outcome);
      this.#options.readers.readBack(this.#options.random.pick(chosen));
    });
  }

  #end(write: Write, ended: number, outcome: Settled): void {
    const { history, tally, redis } = this.#options;
    history.end(write, { ended, outcome, shared: redis && write.source !== 'sql' });
    tally.write(outcome);
  }
}

/** Only an answer tells: a 5xx or none may hide a write that was made. */
function outcomeOf(answer: Answer): Settled {
  if (answer.outcome !== 'answered' || answer.status >= 500) return 'unknown';
  return answer.status < 300 ? 'acked' : 'refused';
}
