/** The last few of many, oldest first. */
export class Recent<T> {
  readonly #values: T[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(value: T): void {
    this.#values.push(value);
    if (this.#values.length > this.#max) this.#values.shift();
  }

  get values(): readonly T[] {
    return this.#values;
  }
}
