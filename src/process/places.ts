/** Who is there, each at the lowest number that was free when he came. */
export class Places<T> {
  readonly #taken: (T | undefined)[] = [];

  /** By their numbers, from 1 on. */
  get all(): readonly (readonly [place: number, who: T])[] {
    return this.#taken.flatMap((who, index) => (who === undefined ? [] : [[index + 1, who] as const]));
  }

  add(who: T): void {
    const free = this.#taken.indexOf(undefined);
    this.#taken[free === -1 ? this.#taken.length : free] = who;
  }

  /** Whether he was there. */
  delete(who: T): boolean {
    const place = this.#taken.indexOf(who);
    if (place !== -1) this.#taken[place] = undefined;
    return place !== -1;
  }
}
