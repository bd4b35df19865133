// @ts-check
import { button, byId, element } from './dom.js';
import { day, price } from './format.js';

/** @typedef {import('./api.js').Property} Property */

/** @typedef {{ edit: (id: number) => void, remove: (id: number) => void }} RowActions */

/** How many rows stand for those that are not there yet. */
const SKELETONS = 6;

/**
 * The listings on the screen. A listing that stays keeps its element, and with it the focus; one that is not what it
 * was is marked.
 */
export class Rows {
  #list = byId('rows', HTMLUListElement);
  #actions;
  /** @type {Map<number, { row: HTMLLIElement, shown: string }>} */
  #rows = new Map();

  /** @param {RowActions} actions */
  constructor(actions) {
    this.#actions = actions;
  }

  showSkeletons() {
    this.#rows.clear();
    const bones = Array.from({ length: SKELETONS }, () =>
      element('li', { className: 'row skeleton', ariaHidden: 'true' }, element('span'), element('span')),
    );
    this.#list.replaceChildren(...bones);
  }

  /**
   * @param {readonly Property[]} properties
   * @param {boolean} mark Whether what differs from before was changed by somebody, not only looked for.
   */
  show(properties, mark) {
    const before = this.#rows;
    this.#rows = new Map(properties.map((property) => [property.id, this.#row(property, before, mark)]));
    const rows = [...this.#rows.values()].map(({ row }) => row);
    for (const child of [...this.#list.children])
      if (!rows.includes(/** @type {any} */ (child))) child.remove();
    for (const [index, row] of rows.entries()) {
      if (this.#list.children[index] !== row)
        this.#list.insertBefore(row, this.#list.children[index] ?? null);
    }
  }

  /**
   * @param {Property} property
   * @param {Map<number, { row: HTMLLIElement, shown: string }>} before
   * @param {boolean} mark
   */
  #row(property, before, mark) {
    const known = before.get(property.id);
    const shown = JSON.stringify(property);
    if (known?.shown === shown) {
      known.row.classList.remove('changed');
      return known;
    }
    const row = known?.row ?? element('li', { className: 'row' });
    const focused = row.contains(document.activeElement) && document.activeElement?.className;
    row.replaceChildren(...this.#cells(property));
    if (focused) this.#refocus(row, focused);
    row.classList.toggle('changed', mark);
    return { row, shown };
  }

  /**
   * @param {HTMLLIElement} row
   * @param {string} className Of the button that had the focus.
   */
  #refocus(row, className) {
    const again = row.getElementsByClassName(className)[0];
    if (again instanceof HTMLElement) queueMicrotask(() => again.focus());
  }

  /** @param {Property} property */
  #cells({ id, title, description, price: amount, location, created_at }) {
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
