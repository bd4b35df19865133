// @ts-check
import { byId, element, paragraph } from './dom.js';
import { milliseconds, time } from './format.js';
import { tagList } from './tag-list.js';
import { causeInWords } from './words.js';

/** @typedef {import('./words.js').Invalidation} Invalidation */

/** How many are shown. */
const SHOWN = 20;

/** The invalidations of this instance as they happen, newest first. */
export class InvalidationLog {
  #list = byId('invalidations', HTMLOListElement);

  /** @param {readonly Invalidation[]} invalidations Oldest first: all that is known after a (re)connection. */
  replace(invalidations) {
    this.#list.replaceChildren(...invalidations.slice(-SHOWN).reverse().map(item));
    if (invalidations.length === 0) this.#list.append(element('li', { className: 'none' }, 'None yet.'));
  }

  /** @param {Invalidation} invalidation */
  add(invalidation) {
    this.#list.querySelector('.none')?.remove();
    this.#list.prepend(item(invalidation));
    while (this.#list.children.length > SHOWN) this.#list.lastElementChild?.remove();
  }
}

/** @param {Invalidation} invalidation */
function item(invalidation) {
  const { at, cause, latencyMs } = invalidation;
  const head = paragraph('', 'invalidation-head');
  head.append(
    element('span', { className: `cause ${cause}` }, causeInWords(invalidation)),
    element('time', { className: 'at', dateTime: new Date(at).toISOString() }, time(at)),
  );
  if (latencyMs !== null)
    head.append(element('span', { className: 'took' }, `after ${milliseconds(Math.max(latencyMs, 0))}`));
  return element('li', {}, head, tagList(invalidation));
}
