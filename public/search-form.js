// @ts-check
import { byId, element, showText } from './dom.js';
import { currentView, goTo } from './list-view.js';

/** How long typing has to pause before it is a search. Milliseconds. */
const PAUSE_MS = 300;

/**
 * The form of filters and order, which says the same as the address of the page. What is typed replaces the address;
 * it takes a click to a next page to make a new one.
 */
export class SearchForm {
  #form = byId('search', HTMLFormElement);
  #changed;
  #pause = 0;

  /** @param {() => void} changed Called when the address has changed. */
  constructor(changed) {
    this.#changed = changed;
    this.#form.addEventListener('input', () => {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#ask(), PAUSE_MS);
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#ask();
    });
    this.#form.addEventListener('reset', (event) => {
      event.preventDefault();
      this.clear();
    });
    this.show();
  }

  /** Shows what the address says. */
  show() {
    clearTimeout(this.#pause);
    const { parameters } = currentView();
    for (const field of this.#fields) field.value = parameters.get(field.name) ?? '';
    this.#offerRelevance();
  }

  clear() {
    goTo({ parameters: new URLSearchParams(), cursor: '', before: [] }, 'push');
    this.show();
    this.#changed();
  }

  /**
   * Says beside each field that is wrong what to write there.
   * @param {ReadonlyMap<string, string>} advice
   */
  showErrors(advice) {
    for (const field of this.#fields) showFieldError(field, advice.get(field.name));
  }

  /**
   * Offers the locations on the screen to choose from.
   * @param {readonly string[]} locations
   */
  offerLocations(locations) {
    const options = [...new Set(locations)].sort().map((value) => element('option', { value }));
    byId('locations', HTMLDataListElement).replaceChildren(...options);
  }

  get #fields() {
    return [...this.#form.elements].filter((field) => isField(field));
  }

  #ask() {
    clearTimeout(this.#pause);
    const parameters = new URLSearchParams();
    for (const { name, value } of this.#fields) if (value.trim()) parameters.set(name, value.trim());
    this.#offerRelevance();
    if (parameters.toString() === currentView().parameters.toString()) return;
    goTo({ parameters, cursor: '', before: [] }, 'replace');
    this.#changed();
  }

  #offerRelevance() {
    const option = this.#form.querySelector('option[value="relevance"]');
    if (option instanceof HTMLOptionElement)
      option.disabled = byId('q', HTMLInputElement).value.trim() === '';
  }
}

/**
 * @param {Element} field
 * @returns {field is HTMLInputElement | HTMLSelectElement}
 */
const isField = (field) => field instanceof HTMLInputElement || field instanceof HTMLSelectElement;

/**
 * @param {HTMLElement & { id: string }} field One that has a place for its error beside it.
 * @param {string | undefined} error
 */
export function showFieldError(field, error) {
  const place = document.getElementById(`${field.id}-error`);
  if (!place) return;
  showText(place, error);
  if (error) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
}
