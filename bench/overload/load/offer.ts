import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '../../speed/load/connection.ts';
import type { Job, Outcome } from './job.ts';
import { Tally } from './tally.ts';

/** Between two looks at what is due. Milliseconds. */
const LOOK_MS = 1;

/** For the last answers. Milliseconds. */
const LAST_MS = 1_500;

let made = Date.now() % 1e9; // No two jobs ask for the same price.

/** Makes the requests of a job, and says what became of them. */
export async function offer(job: Job): Promise<Outcome> {
  const load = new Load(job);
  try {
    return await load.run();
  } finally {
    load.close();
  }
}

class Load {
  readonly #job: Job;
  readonly #tally = new Tally();
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #opening = 0;
  #began = performance.now();

  constructor(job: Job) {
    this.#job = job;
  }

  async run(): Promise<Outcome> {
    const { connections, rate, milliseconds } = this.#job;
    if (rate === undefined) await Promise.all(Array.from({ length: connections }, () => this.#open()));
    this.#began = performance.now();
    await (rate === undefined ? this.#askAsAnswered() : this.#askWhenDue(rate));
    const end = performance.now() + LAST_MS;
    while (this.#idle.length < this.#all.size && performance.now() < end) await delay(LOOK_MS);
    return this.#tally.outcome(milliseconds / 1000);
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  get #now(): number {
    return performance.now() - this.#began;
  }

  /** One after the other on every connection. */
  async #askAsAnswered(): Promise<void> {
    const loop = async () => {
      while (this.#now < this.#job.milliseconds) {
        const connection = this.#idle.pop();
        if (!connection) return;
        this.#tally.due(this.#now);
        await this.#ask(connection, this.#now);
      }
    };
    await Promise.all(this.#idle.map(loop));
  }

  /**
   * Whatever the answers do. A request that is due while every connection is busy is not sent: that counts, like a late answer,
   * among those that were not good.
   */
  async #askWhenDue(rate: number): Promise<void> {
    const { connections, milliseconds } = this.#job;
    let next = 0;
    while (this.#now < milliseconds) {
      for (const due = Math.floor((this.#now * rate) / 1000); next < due; next += 1) {
        const at = (next / rate) * 1000;
        this.#tally.due(at);
        const connection = this.#idle.pop();
        if (connection) void this.#ask(connection, at);
        else if (this.#all.size + this.#opening < connections) void this.#askOnNew(at);
      }
      await delay(LOOK_MS);
    }
  }

  async #askOnNew(due: number): Promise<void> {
    await this.#open();
    const connection = this.#idle.pop();
    if (connection) await this.#ask(connection, due);
  }

  async #open(): Promise<void> {
    this.#opening += 1;
    try {
      const connection = await Connection.open(this.#job.port);
      this.#all.add(connection);
      this.#idle.push(connection);
    } catch {
      this.#tally.failed();
    } finally {
      this.#opening -= 1;
    }
  }

  async #ask(connection: Connection, due: number): Promise<void> {
    this.#tally.sent();
    try {
      const { status } = await connection.exchange(this.#request());
      this.#tally.answered(status, due, this.#now);
      this.#idle.push(connection);
    } catch {
      this.#all.delete(connection);
      this.#tally.failed();
    }
  }

  #request(): Buffer {
    made += 1;
    const price = (PRICES_FROM + (made % 1e9) / 100).toFixed(2);
    const id = String(1 + (made % this.#job.ids));
    return Buffer.from(this.#job.text.replace('{id}', id).replace('{price}', price));
  }
}

/** All prices are of one length. */
const PRICES_FROM = 10_000_000;
