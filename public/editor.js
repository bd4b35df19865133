// @ts-check
import { problemOf, readProperty, write } from './api.js';
import { Conflict, isSame } from './conflict.js';
import { byId, dialogOf, showText } from './dom.js';
import { shortened } from './format.js';
import { showFieldError } from './search-form.js';
import { withKey } from './write-key.js';

/**
 * @typedef {import('./api.js').Property} Property
 * @typedef {import('./api.js').PropertyInput} PropertyInput
 */

const FIELDS = /** @type {const} */ (['title', 'location', 'price', 'description']);

const LIST = new Intl.ListFormat('en');

/**
 * The dialog in which a listing is added or edited. An edit goes through only while the listing is still the one that
 * was opened (`If-Match`); otherwise both versions are shown, and whoever edits decides. What is right is the
 * server's to say, field by field.
 */
export class Editor {
  #dialog = dialogOf('editor');
  #form = byId('editor-form', HTMLFormElement);
  #save = byId('editor-save', HTMLButtonElement);
  #error = byId('editor-error', HTMLElement);
  #conflict;
  #changes;
  /** @type {{ property: Property, etag: string } | undefined} */
  #opened;
  /** How often it was opened: what comes late is not for the next one. */
  #openings = 0;

  /** @param {import('./changes.js').Changes} changes */
  constructor(changes) {
    this.#changes = changes;
    this.#conflict = new Conflict({
      takeTheirs: (theirs) => {
        this.#fill(theirs);
        this.#field('title').focus();
      },
      keepMine: () => void this.#send(),
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  add() {
    this.#open(undefined);
  }

  /** @param {number} id */
  async edit(id) {
    try {
      this.#open(await readProperty(id));
    } catch (error) {
      this.#changes.couldNot(`open listing ${id}`, error);
    }
  }

  /** @param {{ property: Property, etag: string } | undefined} opened */
  #open(opened) {
    this.#openings += 1;
    this.#save.disabled = false;
    this.#become(opened);
    this.#form.reset();
    if (opened) this.#fill(opened.property);
    this.#showProblem(undefined);
    this.#conflict.hide();
    this.#dialog.showModal();
    this.#field('title').focus();
  }

  /** @param {{ property: Property, etag: string } | undefined} opened What is edited; undefined: a new one. */
  #become(opened) {
    this.#opened = opened;
    const title = opened ? `Edit listing ${opened.property.id}` : 'Add a listing';
    byId('editor-title', HTMLElement).textContent = title;
    this.#save.textContent = opened ? 'Save' : 'Add';
  }

  /** @param {PropertyInput} property */
  #fill(property) {
    for (const name of FIELDS) this.#field(name).value = property[name];
  }

  /** @returns {PropertyInput} */
  get #input() {
    const value = (/** @type {keyof PropertyInput} */ name) => this.#field(name).value;
    return {
      title: value('title').trim(),
      location: value('location').trim(),
      price: value('price').trim(),
      description: value('description'),
    };
  }

  /** @param {keyof PropertyInput} name */
  #field(name) {
    return /** @type {HTMLInputElement | HTMLTextAreaElement} */ (this.#form.elements.namedItem(name));
  }

  async #send() {
    const body = this.#input;
    const opening = this.#openings;
    const isStillOpen = () => this.#dialog.open && this.#openings === opening;
    this.#save.disabled = true;
    try {
      const written = await withKey((key) => this.#write(key, body));
      if (written && isStillOpen()) this.#dialog.close();
    } catch (error) {
      if (isStillOpen()) await this.#showProblem(problemOf(error));
      else this.#changes.couldNot(`save “${shortened(body.title)}”`, error);
    } finally {
      if (isStillOpen()) this.#save.disabled = false;
    }
  }

  /**
   * @param {string} key
   * @param {PropertyInput} body
   */
  #write(key, body) {
    const title = shortened(body.title);
    if (!this.#opened) {
      const send = () => write('POST', '/properties/', { key, body });
      return this.#changes.make({ id: undefined, send, words: () => `You added “${title}”.` });
    }
    const { etag, property } = this.#opened;
    const send = () => write('PUT', `/properties/${property.id}/`, { key, etag, body });
    return this.#changes.make({ id: property.id, send, words: () => wordsOf(property, body) });
  }

  /** @param {import('./api.js').Problem | undefined} problem */
  async #showProblem(problem) {
    for (const name of FIELDS) showFieldError(this.#field(name), problem?.fields.get(name));
    const wrong = FIELDS.find((name) => problem?.fields.has(name));
    showText(this.#error, wrong ? undefined : problem?.message);
    if (wrong) this.#field(wrong).focus();
    if (problem?.status === 412) await this.#showConflict();
    if (problem?.status !== 404) return;
    this.#become(undefined);
    showText(this.#error, 'Somebody deleted this listing meanwhile. You can add it as a new one.');
  }

  async #showConflict() {
    if (!this.#opened) return;
    try {
      this.#opened = await readProperty(this.#opened.property.id);
      showText(this.#error, undefined);
      this.#conflict.show({ theirs: this.#opened.property, mine: this.#input });
    } catch (error) {
      showText(this.#error, String(Object(error).message));
    }
  }
}

/**
 * What was changed.
 * @param {PropertyInput} before
 * @param {PropertyInput} after
 */
function wordsOf(before, after) {
  const changed = FIELDS.filter((name) => !isSame(name, before, after)).map((name) => `the ${name}`);
  const what = changed.length > 0 ? `changed ${LIST.format(changed)} of` : 'saved, unchanged,';
  return `You ${what} “${shortened(after.title)}”.`;
}
