// @ts-check
import { problemOf, readProperty, write } from './api.js';
import { byId, dialogOf, element, showText } from './dom.js';
import { price, shortened } from './format.js';
import { titleOf } from './listing-fields.js';
import { buttonOf } from './rows.js';
import { withKey } from './write-key.js';

/** @typedef {import('./api.js').Property} Property */

/** The dialog that asks before a listing is deleted, and deletes only what it has shown (`If-Match`). */
export class Remover {
  #dialog = dialogOf(
    'remover',
    () => buttonOf(this.#opened?.property.id, 'remove') ?? byId('listings', HTMLElement),
  );
  #error = byId('remover-error', HTMLElement);
  #changes;
  /** @type {{ property: Property, etag: string } | undefined} */
  #opened;
  #sending = false;

  /** @param {import('./changes.js').Changes} changes */
  constructor(changes) {
    this.#changes = changes;
    byId('remover-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  /** @param {number} id */
  async ask(id) {
    try {
      await this.#read(id);
      showText(this.#error, undefined);
      this.#dialog.showModal();
    } catch (error) {
      this.#changes.couldNot(`open listing ${id}`, error);
    }
  }

  /** @param {number} id */
  async #read(id) {
    this.#opened = await readProperty(id);
    const { property } = this.#opened;
    byId('remover-listing', HTMLElement).replaceChildren(
      element('dt', {}, shortened(titleOf(property), 200)),
      element('dd', {}, `${property.location}, ${price(property.price)}`),
    );
  }

  async #send() {
    if (!this.#opened || this.#sending) return;
    const { property, etag } = this.#opened;
    const { id } = property;
    const words = () => `You deleted “${shortened(titleOf(property))}”.`;
    this.#sending = true;
    try {
      const sent = await withKey(async (key) => {
        await this.#changes.make({
          id,
          send: () => write('DELETE', `/properties/${id}/`, { key, etag }),
          words,
        });
        return true;
      });
      if (!sent) return;
      this.#dialog.close();
      byId('listings', HTMLElement).focus();
    } catch (error) {
      await this.#refused(id, error);
    } finally {
      this.#sending = false;
    }
  }

  /**
   * @param {number} id
   * @param {unknown} error
   */
  async #refused(id, error) {
    const { status, message } = problemOf(error);
    if (status === 404) {
      this.#dialog.close();
      return this.#changes.couldNot(`delete listing ${id}`, error);
    }
    showText(
      this.#error,
      status === 412 ? 'Somebody changed this listing meanwhile. This is what it is now.' : message,
    );
    if (status === 412)
      await this.#read(id).catch((problem) => showText(this.#error, problemOf(problem).message));
  }
}
