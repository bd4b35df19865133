import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Connection } from './connection.ts';
import type { SentRequest } from './job.ts';

/** How long an answer may take to become what it should be: a hit, or compressed. Milliseconds. */
const PATIENCE_MS = 15_000;

/** Between two looks at whether it is. Milliseconds. */
const POLL_MS = 10;

let made = Date.now(); // No two jobs ask for the same number.

/** One request of a job, which refuses every answer but the right one. */
export class Requester {
  readonly #asked: SentRequest;
  readonly #bytes: Buffer | undefined;

  constructor(asked: SentRequest) {
    this.#asked = asked;
    this.#bytes = asked.text.includes('{n}') ? undefined : Buffer.from(asked.text);
  }

  /** @throws when it is not answered as it should be */
  async ask(connection: Connection): Promise<Answer> {
    const answer = await connection.exchange(this.#bytes ?? this.#distinct());
    if (!this.#isRight(answer)) throw this.#wrong(answer);
    return answer;
  }

  /** Asks until the head is as it should be too, and says whether that came before `end`. */
  async askUntilReady(connection: Connection, end: number): Promise<boolean> {
    for (;;) {
      const answer = await connection.exchange(this.#bytes ?? this.#distinct());
      if (this.#isReady(answer)) return true;
      if (performance.now() > end) return false;
      await delay(POLL_MS);
    }
  }

  /** @throws when it is not as it should be in time */
  async ready(connection: Connection): Promise<void> {
    if (await this.askUntilReady(connection, performance.now() + PATIENCE_MS)) return;
    throw this.#wrong(await connection.exchange(this.#bytes ?? this.#distinct()));
  }

  #distinct(): Buffer {
    made += 1;
    return Buffer.from(this.#asked.text.replace('{n}', String(made)));
  }

  #isRight({ status, length }: Answer): boolean {
    return status === this.#asked.status && (this.#asked.length ?? length) === length;
  }

  #isReady(answer: Answer): boolean {
    return this.#isRight(answer) && this.#asked.head.every((part) => answer.head.includes(part));
  }

  #wrong({ head }: Answer): Error {
    const { text, ...expected } = this.#asked;
    return new Error(`expected ${JSON.stringify(expected)} of\n${text.trim()}\n\ngot\n${head}`);
  }
}
