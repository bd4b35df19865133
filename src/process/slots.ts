/** Items in numbered slots: each takes the lowest number that is free when it is added. */
export class Slots<T> {
  readonly #items: (T | undefined)[] = [];

  /** Every item with its number, from 1 on. */
  get all(): readonly (readonly [number: number, item: T])[] {
    return this.#items.flatMap((item, index) => (item === undefined ? [] : [[index + 1, item] as const]));
  }

  add(item: T): void {
    const free = this.#items.indexOf(undefined);
    this.#items[free === -1 ? this.#items.length : free] = item;
  }

  /** Frees the slot of the item. Whether it had one. */
  delete(item: T): boolean {
    const index = this.#items.indexOf(item);
    if (index !== -1) this.#items[index] = undefined;
    return index !== -1;
  }
}
