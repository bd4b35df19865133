import type { Random } from '../../support/random.ts';

/** A row of the history, and its id in the table. */
export interface Row {
  readonly row: number;
  readonly id: number;
}

/** Which rows there are, and which of them are being written. */
export class Rows {
  readonly #random: Random;
  readonly #lasting: Row[] = [];
  readonly #passing: Row[] = [];
  readonly #busy = new Set<number>();
  #last = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The number of a row that is not there yet. It is used once: a deleted row stays deleted. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** A row that is there from the beginning to the end. */
  keep(row: Row): void {
    this.#lasting.push(row);
  }

  /** A row that a writer will delete. */
  lend(row: Row): void {
    this.#passing.push(row);
  }

  get lasting(): readonly Row[] {
    return this.#lasting;
  }

  /** How many rows wait to be deleted. */
  get lent(): number {
    return this.#passing.length;
  }

  /** The oldest row that waits to be deleted; it belongs to the caller. */
  takeBack(): Row | undefined {
    return this.#passing.shift();
  }

  get readable(): readonly Row[] {
    return [...this.#lasting, ...this.#passing];
  }

  /** Has up to `count` of the lasting rows written by `write` alone; fewer when others are writing them. */
  async alone(count: number, write: (rows: readonly Row[]) => Promise<void>): Promise<void> {
    const free = this.#lasting.filter(({ row }) => !this.#busy.has(row));
    const chosen = this.#random.shuffled(free).slice(0, count);
    for (const { row } of chosen) this.#busy.add(row);
    try {
      if (chosen.length > 0) await write(chosen);
    } finally {
      for (const { row } of chosen) this.#busy.delete(row);
    }
  }
}
