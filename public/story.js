// @ts-check
import { byId, element, paragraph } from './dom.js';
import { milliseconds, time } from './format.js';
import { badge } from './reads.js';
import { explainedTags } from './tag-list.js';

/**
 * @typedef {import('./words.js').Invalidation} Invalidation
 * @typedef {import('./api.js').Read} Read
 */

/** What just happened, in four steps: the change, what is forgotten, the very next read, and everything else. */
export class Story {
  #panel = byId('story', HTMLElement);
  #title = byId('story-title', HTMLElement);
  #change = byId('step-change', HTMLElement);
  #tags = byId('step-tags', HTMLElement);
  #next = byId('step-next', HTMLElement);
  #others = byId('step-others', HTMLElement);
  #telling = 0;

  /**
   * @param {string} words
   * @param {Invalidation | undefined} invalidation If it was heard already.
   * @returns {number} Which story it is: what is told of an earlier one from now on is not heard.
   */
  begin(words, invalidation) {
    this.#telling += 1;
    this.#panel.classList.add('told');
    this.#title.textContent = 'What just happened';
    const when = paragraph(`At ${time(Date.now())}. The next one, in psql:`, 'aside');
    this.#change.replaceChildren(paragraph(words, 'words'), when);
    if (invalidation) this.tellTags(this.#telling, invalidation);
    else this.#tags.replaceChildren(paragraph('Waiting to hear of it …'));
    this.#next.replaceChildren(paragraph('Reading …'));
    this.#others.replaceChildren(paragraph('Reading …'));
    return this.#telling;
  }

  /**
   * @param {number} telling
   * @param {Invalidation | undefined} invalidation Undefined when nothing was heard.
   */
  tellTags(telling, invalidation) {
    if (telling !== this.#telling) return;
    if (!invalidation) return this.#tags.replaceChildren(paragraph('This page did not hear of it in time.'));
    this.#tags.replaceChildren(paragraph(whenIn(invalidation), 'words'), explainedTags(invalidation));
  }

  /**
   * @param {number} telling
   * @param {readonly (Read | undefined)[]} reads
   * @returns {string} What came of it, in one sentence.
   */
  tellNext(telling, reads) {
    const known = reads.filter((read) => read !== undefined);
    if (telling !== this.#telling) return nextIn(known);
    this.#next.replaceChildren(paragraph(nextIn(known), 'words'), ...lines(known));
    return nextIn(known);
  }

  /**
   * @param {number} telling
   * @param {readonly Read[]} reads
   * @param {boolean} isAll Whether every listing was forgotten.
   * @returns {string} What came of it, in one sentence.
   */
  tellOthers(telling, reads, isAll) {
    const hits = reads.filter(({ outcome }) => outcome === 'hit').length;
    if (telling === this.#telling) {
      const words = isAll ? 'Every listing was forgotten: read again.' : othersIn(reads, hits);
      this.#others.replaceChildren(paragraph(words, 'words'), ...lines(reads));
    }
    return `${hits} of ${reads.length} other listings: still a hit.`;
  }

  /**
   * @param {Read | undefined} list
   * @param {readonly Read[]} others
   */
  tellAgain(list, others) {
    for (const [step, reads] of /** @type {const} */ ([
      [this.#next, list ? [list] : []],
      [this.#others, others],
    ])) {
      step.querySelector('.again')?.remove();
      step.append(element('div', { className: 'again' }, paragraph('Read again:', 'aside'), ...lines(reads)));
    }
  }
}

/** @param {readonly Read[]} reads */
const lines = (reads) => reads.map((read) => line(read));

/** @param {Read} read */
function line(read) {
  const url = element('code', { className: 'url', title: read.url }, read.url);
  const gone = read.status === 404 ? ' gone,' : '';
  return element(
    'p',
    { className: 'read' },
    url,
    badge(read.outcome),
    `${gone} ${milliseconds(read.milliseconds)}`,
  );
}

/** @param {readonly Read[]} reads */
function nextIn(reads) {
  if (reads.length === 0) return 'The list could not be read.';
  const [first] = reads;
  if (first?.outcome === 'hit') return 'Nothing in this list depends on it: still a hit.';
  if (first?.outcome === 'last-known') return 'The database is away: this is the last known answer.';
  return 'Fresh from the database.';
}

/**
 * @param {readonly Read[]} reads
 * @param {number} hits
 */
function othersIn(reads, hits) {
  if (reads.length === 0) return 'No other listing could be read.';
  if (hits === reads.length) return 'Not touched: still a hit.';
  return `${hits === 0 ? 'None' : hits} of ${reads.length} is a hit: the others had left the cache before.`;
}

/** @param {Invalidation} invalidation */
function whenIn({ cause, latencyMs }) {
  if (cause === 'write') return 'Only this, before the write was answered.';
  if (latencyMs === null) return 'As soon as it was heard of.';
  return `Only this, ${milliseconds(Math.max(latencyMs, 0))} after the change.`;
}
