// @ts-check

/** @typedef {import('./words.js').Invalidation} Invalidation */

/** A write of this page, which recognizes what is heard of it. */
export class OwnChange {
  #id;
  /** @type {Invalidation | undefined} */
  invalidation;
  /** @type {(invalidation: Invalidation) => void} */
  onInvalidation = () => {};

  /** @param {number | undefined} id Of the listing, unless it is a new one. */
  constructor(id) {
    this.#id = id;
  }

  /** @param {Invalidation} invalidation */
  isMeantBy({ cause, tags }) {
    const isOurs = cause === 'write' || cause === 'instance'; // Of several, another one may have made it.
    if (!isOurs || this.invalidation) return false;
    const rows = tags.filter((tag) => tag.startsWith('property:'));
    return this.#id === undefined ? rows.length === 0 : rows.includes(`property:${this.#id}`);
  }

  /** @param {Invalidation} invalidation */
  take(invalidation) {
    this.invalidation = invalidation;
    this.onInvalidation(invalidation);
  }
}
