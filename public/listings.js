// @ts-check
import { Problem, read } from './api.js';
import { announce, button, byId, element, paragraph, showText } from './dom.js';
import { plural } from './format.js';
import { Pager } from './pager.js';
import { countUrl, goTo, isFiltered, listUrl, placeHere } from './question.js';
import { Rows } from './rows.js';
import { SearchForm } from './search-form.js';

/**
 * @typedef {import('./rows.js').RowActions & { add: () => void }} ListActions
 *
 * Why the list is read again; `told`: the story of it is.
 * @typedef {{ readonly because: string, readonly told?: boolean }} Reason
 */

/**
 * The list, as the address of the page asks for it: loading, there, empty, without a match, or failed. An answer that
 * a later question has overtaken is not shown.
 */
export class Listings {
  #list = byId('rows', HTMLUListElement);
  #state = byId('list-state', HTMLElement);
  #total = byId('total', HTMLElement);
  #notice = byId('notice', HTMLElement);
  #actions;
  #rows;
  #search;
  #pager;
  #asked = new AbortController();
  /** @type {readonly import('./api.js').Property[]} */
  #shown = [];

  /** @param {ListActions} actions */
  constructor(actions) {
    this.#actions = actions;
    this.#rows = new Rows(actions);
    this.#search = new SearchForm(() => void this.load());
    this.#pager = new Pager(() => {
      void this.load();
      byId('listings', HTMLElement).focus();
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
   * @returns {Promise<import('./api.js').Read | undefined>} How the list was answered, if it was and is shown.
   */
  async load(reason) {
    this.#asked.abort();
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    const place = placeHere();
    this.#list.ariaBusy = 'true';
    try {
      const list = await read(listUrl(place), signal);
      const counted = await read(countUrl(place), signal);
      if (signal.aborted) return undefined;
      this.#show(list.body, counted.body.count, reason);
      return list.read;
    } catch (error) {
      if (!signal.aborted) this.#showProblem(error);
      return undefined;
    }
  }

  /**
   * Reads the list once more, so that it is in the cache: a write is invalidated again when PostgreSQL tells of it,
   * which may be after the list was read.
   */
  async settle() {
    await read(listUrl(placeHere())).catch(() => {}); // Whoever reads next is told what is wrong.
  }

  /**
   * @param {{ properties: readonly import('./api.js').Property[], next: string | null }} page
   * @param {number} count
   * @param {Reason | undefined} reason
   */
  #show({ properties, next }, count, reason) {
    this.#shown = properties;
    this.#search.showErrors(new Map());
    this.#search.offerLocations(properties.map(({ location }) => location));
    this.#rows.show(properties, reason !== undefined);
    this.#pager.show(placeHere(), { count, next });
    this.#list.ariaBusy = 'false';
    this.#list.hidden = properties.length === 0;
    this.#total.textContent = `${plural(count, 'listing', 'listings')}${isFiltered(placeHere()) ? ' found' : ''}`;
    this.#showState(properties.length > 0 ? [] : this.#nothing());
    this.#showNotice(reason);
    if (!reason) announce(this.#total.textContent);
  }

  /** @param {Reason | undefined} reason */
  #showNotice(reason) {
    showText(this.#notice, reason?.because);
    if (reason?.told) this.#notice.append(' ', element('a', { href: '#story' }, 'See what it did'));
  }

  /** What stands in the place of the list when there is nothing in it. */
  #nothing() {
    const place = placeHere();
    const add = button('Add the first one', this.#actions.add, 'primary');
    if (isFiltered(place)) {
      return [
        paragraph('No listing matches', 'lead'),
        paragraph(
          'Every word has to be in the title, the location or the description; a location has to be exact.',
        ),
        button('Clear the search', () => this.#search.clear()),
      ];
    }
    if (place.cursor) {
      return [
        paragraph('There is nothing after this', 'lead'),
        button('To the first page', () => this.#begin()),
      ];
    }
    return [
      paragraph('No listings yet', 'lead'),
      element(
        'p',
        {},
        'Add one here, or 25 samples in a terminal: ',
        element('code', {}, 'npx prisma db seed -- --count 25'),
      ),
      add,
    ];
  }

  /** @param {unknown} error */
  #showProblem(error) {
    const { status, message, fields } = error instanceof Problem ? error : new Problem(0, String(error));
    this.#list.ariaBusy = 'false';
    this.#search.showErrors(fields);
    showText(this.#notice, undefined);
    announce(message);
    if (fields.has('cursor')) return void this.#begin();
    if (this.#shown.length > 0 && status !== 400) {
      showText(this.#notice, `This is the list as it was: ${message}`);
      return;
    }
    this.#shown = [];
    this.#list.hidden = true;
    this.#total.textContent = '';
    this.#pager.hide();
    const lead = status === 400 ? 'That cannot be looked for' : 'The listings could not be read';
    this.#showState([
      paragraph(lead, 'lead'),
      paragraph(message),
      button('Try again', () => void this.load()),
    ]);
  }

  /** @param {readonly Node[]} nodes */
  #showState(nodes) {
    this.#state.hidden = nodes.length === 0;
    this.#state.replaceChildren(...nodes);
  }

  #begin() {
    goTo({ ...placeHere(), cursor: '', before: [] }, 'replace');
    void this.load();
  }
}
