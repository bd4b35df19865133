// @ts-check

/** @typedef {import('./words.js').Invalidation} Invalidation */

/** A write of this page: what is heard of it may come before or after its answer. */
export class Own {
  #id;
  /** @type {Invalidation | undefined} */
  invalidation;
  /** @type {(invalidation: Invalidation) => void} */
  onInvalidation = () => {};

  /**
   * @param {number | undefined} id Of the listing, unless it is a new one.
   * @param {(words: string, id: number) => void} made Called with what was done, when it was.
   * @param {() => void} withdraw To be called when nothing was written.
   */
  constructor(id, made, withdraw) {
    this.#id = id;
    this.made = made;
    this.withdraw = withdraw;
  }

  /** @param {Invalidation} invalidation */
  isMeantBy({ cause, tags }) {
    if (cause !== 'write' || this.invalidation) return false;
    const rows = tags.filter((tag) => tag.startsWith('property:'));
    return this.#id === undefined ? rows.length === 0 : rows.includes(`property:${this.#id}`);
  }

  /** @param {Invalidation} invalidation */
  take(invalidation) {
    this.invalidation = invalidation;
    this.onInvalidation(invalidation);
  }
}
