// @ts-check
import { byId } from './dom.js';
import { count } from './format.js';
import { currentView, goTo, LIMIT } from './list-view.js';

/** @typedef {import('./list-view.js').ListView} ListView */

/** Forward and back. A cursor only leads forward, so the way back is remembered with the address. */
export class Pager {
  #nav = byId('pager', HTMLElement);
  #previous = byId('previous', HTMLButtonElement);
  #next = byId('next', HTMLButtonElement);
  #number = byId('page-number', HTMLElement);
  #cursor = '';

  /** @param {() => void} moved Called when the address has changed. */
  constructor(moved) {
    this.#previous.onclick = () => {
      const { parameters, before } = currentView();
      goTo({ parameters, cursor: before.at(-1) ?? '', before: before.slice(0, -1) }, 'push');
      moved();
    };
    this.#next.onclick = () => {
      const { parameters, cursor, before } = currentView();
      goTo({ parameters, cursor: this.#cursor, before: [...before, cursor] }, 'push');
      moved();
    };
  }

  /**
   * @param {ListView} view
   * @param {{ count: number, next: string | null }} page
   */
  show({ cursor, before }, { count: all, next }) {
    this.#cursor = next === null ? '' : (new URL(next, location.href).searchParams.get('cursor') ?? '');
    this.#nav.hidden = cursor === '' && this.#cursor === '';
    this.#previous.disabled = cursor === '';
    this.#next.disabled = this.#cursor === '';
    // Of a page that somebody was sent to, it is not known what came before: back is the first page.
    const known = cursor === '' || before.length > 0;
    this.#previous.textContent = known ? 'Previous' : 'First page';
    const pages = Math.max(Math.ceil(all / LIMIT), before.length + 1);
    this.#number.textContent = known ? `Page ${count(before.length + 1)} of ${count(pages)}` : '';
  }

  hide() {
    this.#nav.hidden = true;
  }
}
