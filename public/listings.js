// @ts-check
import { Problem, problemOf, readCount, readList } from './api.js';
import { announce, byId, element, isFocusKept, showText } from './dom.js';
import { plural } from './format.js';
import { emptyTable, noMatch, nothingAfter, unreadable, wrongSearch } from './list-messages.js';
import { countUrl, currentView, goTo, isFiltered, listUrl } from './list-view.js';
import { Pager } from './pager.js';
import { readInWords } from './problem-words.js';
import { Rows } from './rows.js';
import { adviceOn, LABELS, wrongPrices } from './search-fields.js';
import { SearchForm } from './search-form.js';

/**
 * @typedef {import('./api.js').Property} Property
 * @typedef {import('./api.js').Read} Read
 * @typedef {import('./rows.js').RowActions & { add: () => void, shown: (properties: readonly Property[]) => void }} ListActions
 *
 * Why the list is read again; `told`: the story of it is.
 * @typedef {{ readonly because: string, readonly told?: boolean }} Reason
 */

/**
 * The list, as the address of the page asks for it: loading, there, empty, without a match, or failed. An answer that
 * a later request has overtaken is not shown.
 */
export class Listings {
  #section = byId('listings', HTMLElement);
  #list = byId('rows', HTMLUListElement);
  #state = byId('list-state', HTMLElement);
  #total = byId('total', HTMLElement);
  #notice = byId('notice', HTMLElement);
  #actions;
  #rows;
  #search;
  #pager;
  #asked = new AbortController();
  /** @type {Promise<Read | undefined>} */
  #loading = Promise.resolve(undefined);
  /** @type {readonly Property[]} */
  #shown = [];
  #count = 0;

  /** @param {ListActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#rows = new Rows(actions);
    this.#search = new SearchForm(() => void this.load());
    this.#pager = new Pager(() => {
      void this.load();
      this.#section.focus();
    });
    addEventListener('popstate', () => {
      this.#search.show();
      void this.load();
    });
    this.#rows.showSkeletons();
  }

  /** What is on the screen. */
  get properties() {
    return this.#shown;
  }

  /**
   * Reads the list again, and says why if it was not asked to.
   * @param {Reason} [reason]
   * @returns {Promise<Read | undefined>} How the list that is shown then was answered, if it was.
   */
  load(reason) {
    this.#asked.abort();
    this.#asked = new AbortController();
    this.#loading = this.#read(this.#asked.signal, reason);
    return this.#loading;
  }

  /**
   * @param {AbortSignal} signal
   * @param {Reason | undefined} reason
   * @returns {Promise<Read | undefined>}
   */
  async #read(signal, reason) {
    const view = currentView();
    this.#list.ariaBusy = 'true';
    try {
      refuse(wrongPrices(view.parameters));
      const { list, read } = await readList(listUrl(view), signal);
      const count = await readCount(countUrl(view), signal);
      signal.throwIfAborted();
      this.#keepFocus(() => this.#show(list, count, reason));
      return read;
    } catch (error) {
      if (signal.aborted) return this.#loading; // Overtaken by that one.
      this.#keepFocus(() => this.#showProblem(problemOf(error)));
      return undefined;
    }
  }

  /**
   * What had the focus may be gone after a change of the list: then the list has it.
   * @param {() => void} change
   */
  #keepFocus(change) {
    const isHere = this.#section.contains(document.activeElement);
    change();
    if (isHere && !isFocusKept()) this.#section.focus({ preventScroll: true });
  }

  /**
   * Reads the list once more, so that it is in the cache: a write is invalidated again when PostgreSQL tells of it,
   * which may be after the list was read.
   */
  async settle() {
    await readList(listUrl(currentView())).catch(() => {}); // Whoever reads next is told what is wrong.
  }

  /**
   * @param {{ properties: readonly Property[], next: string | null }} page
   * @param {number} count
   * @param {Reason | undefined} reason
   */
  #show({ properties, next }, count, reason) {
    this.#shown = properties;
    this.#search.showErrors(new Map());
    this.#search.offerLocations(properties.map(({ location }) => location));
    this.#rows.show(properties, {
      changed: reason !== undefined,
      added: reason !== undefined && count > this.#count,
    });
    this.#count = count;
    this.#pager.show(currentView(), { count, next });
    this.#list.ariaBusy = 'false';
    this.#list.hidden = properties.length === 0;
    this.#total.textContent = `${plural(count, 'listing', 'listings')}${isFiltered(currentView()) ? ' found' : ''}`;
    this.#showMessage(properties.length > 0 ? [] : this.#nothing);
    this.#showNotice(reason);
    if (!reason) announce(this.#total.textContent);
    this.#actions.shown(properties);
  }

  /** @param {Reason | undefined} reason */
  #showNotice(reason) {
    showText(this.#notice, reason?.because);
    if (reason?.told) this.#notice.append(' ', element('a', { href: '#story' }, 'See what it did'));
  }

  /** Why there is nothing in the list. */
  get #nothing() {
    const view = currentView();
    if (isFiltered(view)) return noMatch(() => this.#search.clear());
    return view.cursor ? nothingAfter(() => this.#begin()) : emptyTable(this.#actions.add);
  }

  /** @param {import('./api.js').Problem} problem */
  #showProblem(problem) {
    const { status, message, fields } = problem;
    const wrong = problem.cause instanceof Map ? problem.cause : adviceOn(fields);
    this.#list.ariaBusy = 'false';
    this.#search.showErrors(wrong);
    announce([message, ...inWords(wrong)].join(' '));
    if (fields.has('cursor')) return this.#begin();
    if (this.#shown.length > 0 && status !== 400) {
      return showText(this.#notice, `${message} You see the list as it was last read.`);
    }
    this.#shown = [];
    this.#list.hidden = true;
    this.#notice.hidden = true;
    this.#total.textContent = '';
    this.#pager.hide();
    this.#showMessage(
      status === 400
        ? wrongSearch(problem, inWords(wrong), () => this.#search.clear())
        : unreadable(problem, () => void this.load()),
    );
  }

  /** @param {import('./list-messages.js').Message} message */
  #showMessage(message) {
    this.#state.hidden = message.length === 0;
    this.#state.replaceChildren(...message);
  }

  #begin() {
    goTo({ ...currentView(), cursor: '', before: [] }, 'replace');
    void this.load();
  }
}

/**
 * @param {import('./search-fields.js').Advice} wrong
 * @throws {Problem} where something is
 */
function refuse(wrong) {
  if (wrong.size === 0) return;
  const problem = new Problem({ status: 400 }, readInWords({ status: 400 }), new Set(wrong.keys()));
  throw Object.assign(problem, { cause: wrong });
}

/** @param {import('./search-fields.js').Advice} wrong */
const inWords = (wrong) => [...wrong].map(([name, advice]) => `${LABELS[name]}: ${advice}`);
