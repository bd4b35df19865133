// @ts-check
import { Problem, problemOf, readProperty } from './api.js';
import { announce } from './dom.js';
import { OwnChange } from './own-change.js';
import { changeInWords, idsIn, isEverything } from './words.js';

/**
 * @typedef {import('./words.js').Invalidation} Invalidation
 * @typedef {import('./api.js').Property} Property
 * @typedef {import('./listings.js').Listings} Listings
 * @typedef {import('./story.js').Story} Story
 * @typedef {import('./witnesses.js').Witnesses} Witnesses
 */

/**
 * The least time between two refreshes that others cause, so that a busy server is not read without end; and what
 * it may take to hear of a change of our own. Milliseconds.
 */
const PAUSE_MS = 1_000;

/**
 * What follows a change, whoever made it: the list is read again, and so are the listing that changed and some that
 * did not, to show that the first are fresh and the others are hits.
 */
export class Changes {
  #listings;
  #story;
  #witnesses;
  /** @type {OwnChange[]} */
  #expected = [];
  /** @type {Invalidation | undefined} */
  #latest;
  #refreshing = false;

  /** @param {{ listings: Listings, story: Story, witnesses: Witnesses }} parts */
  constructor({ listings, story, witnesses }) {
    this.#listings = listings;
    this.#story = story;
    this.#witnesses = witnesses;
  }

  /**
   * Makes a write of this page: what is heard of it, before or after its answer, is known to be its own.
   * @template {Property | undefined} T
   * @param {{ id: number | undefined, send: () => Promise<T>, words: (written: T) => string }} change Of the listing `id`, or of a new one.
   */
  async make({ id, send, words }) {
    const own = new OwnChange(id);
    this.#expected.push(own);
    try {
      const written = await send();
      void this.#tell(own, words(written), written?.id ?? id);
      return written;
    } catch (error) {
      this.#forget(own); // It may have been made all the same.
      if (own.invalidation) this.heard(own.invalidation);
      throw error;
    }
  }

  /**
   * Something was invalidated: by a write of this page, or by somebody else, whose change is then shown.
   * @param {Invalidation} invalidation
   */
  heard(invalidation) {
    const own = this.#expected.find((one) => one.isMeantBy(invalidation));
    if (own) return own.take(invalidation);
    this.#latest = invalidation;
    if (!this.#refreshing) void this.#refresh();
  }

  /** Reads everything once more, with no change: all of it is in the cache by now. */
  async readAgain() {
    const list = await this.#listings.load();
    const others = await this.#witnesses.read([]);
    this.#story.tellAgain(list, others);
  }

  /**
   * What this page was asked to do and could not, because the listing is gone or the server does not answer.
   * @param {string} deed
   * @param {unknown} error
   */
  couldNot(deed, error) {
    void this.#listings.load({ because: `Could not ${deed}. ${problemOf(error).message}` });
  }

  /**
   * @param {OwnChange} own
   * @param {string} words
   * @param {number | undefined} id
   */
  async #tell(own, words, id) {
    const telling = this.#story.begin(words, own.invalidation);
    own.onInvalidation = (invalidation) => this.#story.tellTags(telling, invalidation);
    await this.#demonstrate({ telling, words, changed: id === undefined ? [] : [id], isAll: false });
    await pause();
    if (!own.invalidation) this.#story.tellTags(telling, undefined);
    this.#forget(own);
  }

  async #refresh() {
    this.#refreshing = true;
    while (this.#latest) {
      const invalidation = this.#latest;
      this.#latest = undefined;
      const words = `${changeInWords(invalidation)}.`;
      const telling = this.#story.begin(words, invalidation);
      const isAll = isEverything(invalidation);
      await this.#demonstrate({ telling, words, changed: isAll ? [] : idsIn(invalidation), isAll });
      await pause();
    }
    this.#refreshing = false;
  }

  /** @param {{ telling: number, words: string, changed: readonly number[], isAll: boolean }} change */
  async #demonstrate({ telling, words, changed, isAll }) {
    const list = await this.#listings.load({ because: `${words} The list was read again.`, told: true });
    // One that is not on the screen may be gone.
    const id = changed.find((id) => this.#listings.properties.some((property) => property.id === id));
    const next = this.#story.tellNext(telling, [
      list,
      id === undefined ? undefined : await this.#readRow(id),
    ]);
    const others = this.#story.tellOthers(telling, await this.#witnesses.read(changed), isAll);
    announce(`${words} ${next} ${others}`);
    await this.#listings.settle();
    await this.#witnesses.warm();
  }

  /** @param {number} id */
  async #readRow(id) {
    try {
      return (await readProperty(id)).read;
    } catch (error) {
      return error instanceof Problem ? error.read : undefined;
    }
  }

  /** @param {OwnChange} own */
  #forget(own) {
    this.#expected = this.#expected.filter((one) => one !== own);
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
