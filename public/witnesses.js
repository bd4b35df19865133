// @ts-check
import { Problem, readProperty } from './api.js';

/** @typedef {import('./api.js').Read} Read */

/** How many of them answer, and how many are kept warm so that as many are left when one of them is changed. */
const ASKED = 2;
const KEPT = 3;

/** Listings that this page has read, to show that the cache still has them after another one was changed. */
export class Witnesses {
  /** @type {number[]} */
  #ids = [];

  /**
   * Takes the first listings that are on the screen, and reads them, so that they are in the cache.
   * @param {readonly { readonly id: number }[]} properties
   */
  async choose(properties) {
    const candidates = properties.map(({ id }) => id).filter((id) => !this.#ids.includes(id));
    const missing = candidates.slice(0, KEPT - this.#ids.length);
    this.#ids.push(...missing);
    await Promise.all(missing.map((id) => this.#read(id)));
  }

  /** Reads those that have left the cache, so that all of them are in it when something is changed. */
  async warm() {
    await Promise.all(this.#ids.map((id) => this.#read(id)));
  }

  /**
   * How those that were not changed are answered now.
   * @param {readonly number[]} changed
   * @returns {Promise<readonly Read[]>}
   */
  async read(changed) {
    const asked = this.#ids.filter((id) => !changed.includes(id)).slice(0, ASKED);
    const reads = [];
    for (const id of asked) reads.push(await this.#read(id)); // One after the other, so that none waits for the other.
    return reads.filter((one) => one !== undefined);
  }

  /**
   * @param {number} id
   * @returns {Promise<Read | undefined>} Undefined when it cannot be read; who is gone is no witness any more.
   */
  async #read(id) {
    try {
      return (await readProperty(id)).read;
    } catch (error) {
      const isGone = error instanceof Problem && error.status === 404;
      if (isGone) this.#ids = this.#ids.filter((one) => one !== id);
      return undefined;
    }
  }
}
