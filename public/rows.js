// @ts-check
import { button, byId, element, isFocusKept } from './dom.js';
import { day, price } from './format.js';
import { titleOf } from './listing-fields.js';

/** @typedef {import('./api.js').Property} Property */

/**
 * @typedef {{ edit: (id: number) => void, remove: (id: number) => void }} RowActions
 * @typedef {{ readonly row: HTMLLIElement, readonly shown: string }} Row
 *
 * Which rows are marked: those that are not what they were, and those that were not there, because somebody changed
 * them and not because something else was looked for.
 * @typedef {{ readonly changed: boolean, readonly added: boolean }} Marks
 */

/**
 * A button of the listing with this id, if that is on the screen.
 * @param {number | undefined} id
 * @param {string} className
 * @returns {HTMLElement | null}
 */
export const buttonOf = (id, className) => document.querySelector(`#listing-${id} .${className}`);

/** How many rows stand for those that are not there yet. */
const SKELETONS = 6;

/**
 * The listings on the screen. A listing that stays keeps its element, and with it the focus; one that is not what it
 * was is marked.
 */
export class Rows {
  #list = byId('rows', HTMLUListElement);
  #actions;
  /** @type {ReadonlyMap<number, Row>} */
  #rows = new Map();

  /** @param {RowActions} actions */
  constructor(actions) {
    this.#actions = actions;
  }

  showSkeletons() {
    this.#rows = new Map();
    const bones = Array.from({ length: SKELETONS }, () =>
      element('li', { className: 'row skeleton', ariaHidden: 'true' }, element('span'), element('span')),
    );
    this.#list.replaceChildren(...bones);
  }

  /**
   * @param {readonly Property[]} properties
   * @param {Marks} marks
   */
  show(properties, marks) {
    const before = this.#rows;
    const refocus = this.#focused;
    this.#rows = new Map(properties.map((property) => [property.id, this.#row(property, before, marks)]));
    const rows = [...this.#rows.values()].map(({ row }) => row);
    const staying = new Set(/** @type {Element[]} */ (rows));
    for (const child of [...this.#list.children]) if (!staying.has(child)) child.remove();
    for (const [index, row] of rows.entries()) {
      const there = this.#list.children[index] ?? null;
      if (there !== row) this.#list.insertBefore(row, there);
    }
    if (!isFocusKept()) refocus?.()?.focus({ preventScroll: true });
  }

  /** Finds the button that has the focus, once its row was made anew or moved. */
  get #focused() {
    const { activeElement } = document;
    if (!activeElement || !this.#list.contains(activeElement)) return undefined;
    const [row, { className }] = [activeElement.closest('li'), activeElement];
    return () => /** @type {HTMLElement | null} */ (row?.querySelector(`.${className}`) ?? null);
  }

  /**
   * @param {Property} property
   * @param {ReadonlyMap<number, Row>} before
   * @param {Marks} marks
   * @returns {Row}
   */
  #row(property, before, { changed, added }) {
    const known = before.get(property.id);
    const shown = JSON.stringify(property);
    const row = known?.row ?? element('li', { className: 'row', id: `listing-${property.id}` });
    row.classList.toggle('changed', known ? changed && known.shown !== shown : added);
    if (known?.shown === shown) return known;
    row.replaceChildren(...this.#cells(property));
    return { row, shown };
  }

  /** @param {Property} property */
  #cells(property) {
    const { id, description, price: amount, location, created_at } = property;
    const title = titleOf(property);
    const edit = button('Edit', () => this.#actions.edit(id), 'edit');
    edit.ariaLabel = `Edit ${title}`;
    const remove = button('Delete', () => this.#actions.remove(id), 'remove');
    remove.ariaLabel = `Delete ${title}`;
    return [
      element('h3', { className: 'title' }, title),
      element('p', { className: 'price' }, price(amount)),
      element('p', { className: 'description' }, description.slice(0, 400)),
      element(
        'p',
        { className: 'where' },
        element('span', { className: 'location' }, location),
        ' · ',
        element('time', { dateTime: created_at }, day(created_at)),
        ` · no. ${id}`,
      ),
      element('div', { className: 'row-actions' }, edit, remove),
    ];
  }
}
