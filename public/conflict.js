// @ts-check
import { button, byId, element, paragraph } from './dom.js';
import { price, shortened } from './format.js';
import { FIELDS } from './listing-fields.js';

/** @typedef {import('./api.js').PropertyInput} PropertyInput */

const LABELS = /** @type {const} */ ({
  title: 'Title',
  location: 'Location',
  price: 'Price',
  description: 'Description',
});

/** @typedef {keyof PropertyInput} Field */

/**
 * An edit of one version of a listing, joined with what somebody else has changed since, field by field.
 * @param {{ base: PropertyInput, theirs: PropertyInput, mine: PropertyInput }} versions `base`: the one that was edited.
 * @returns {{ both: PropertyInput, changed: Field[], conflicts: Field[] }} `changed`: what they changed that `mine` leaves alone;
 *   `conflicts`: what both changed, in which `both` has mine.
 */
export function merged({ base, theirs, mine }) {
  const isMine = (/** @type {Field} */ name) => !isSame(name, base, mine);
  const theirFields = FIELDS.filter((name) => !isSame(name, base, theirs));
  const changed = theirFields.filter((name) => !isMine(name));
  const conflicts = theirFields.filter((name) => isMine(name) && !isSame(name, theirs, mine));
  const taken = Object.fromEntries(changed.map((name) => [name, theirs[name]]));
  return { both: { ...mine, ...taken }, changed, conflicts };
}

/**
 * What is shown when somebody else changed the same fields of the listing meanwhile: both versions of these, and two ways
 * on.
 */
export class Conflict {
  #place = byId('editor-conflict', HTMLElement);
  #choices;

  /** @param {{ takeTheirs: (both: PropertyInput) => void, keepMine: () => void }} choices */
  constructor(choices) {
    this.#choices = choices;
  }

  hide() {
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }

  /** @param {{ theirs: PropertyInput, mine: PropertyInput, conflicts: readonly Field[] }} versions */
  show({ theirs, mine, conflicts }) {
    const takeTheirs = () => {
      this.hide();
      const taken = Object.fromEntries(conflicts.map((name) => [name, theirs[name]]));
      this.#choices.takeTheirs({ ...mine, ...taken });
    };
    const keepMine = () => {
      this.hide();
      this.#choices.keepMine();
    };
    this.#place.hidden = false;
    this.#place.replaceChildren(
      paragraph('Somebody else changed this listing while you edited it. Nothing was saved yet.', 'lead'),
      box(...differences(theirs, mine, conflicts)),
      element(
        'div',
        { className: 'actions' },
        button('Take theirs', takeTheirs),
        button('Save mine over it', keepMine, 'primary'),
      ),
    );
    this.#place.querySelector('button')?.focus();
  }
}

/**
 * It may be longer than there is room for: whoever has no mouse scrolls it with the keys.
 * @param {...HTMLElement} terms
 */
function box(...terms) {
  const list = element('dl', { className: 'details' }, ...terms);
  const scrolled = element('div', { className: 'scrolled', tabIndex: 0, role: 'region' }, list);
  scrolled.ariaLabel = 'What differs';
  return scrolled;
}

/**
 * @param {PropertyInput} theirs
 * @param {PropertyInput} mine
 * @param {readonly Field[]} names
 */
function differences(theirs, mine, names) {
  return names.flatMap((name) => [
    element('dt', {}, LABELS[name]),
    element('dd', {}, element('span', { className: 'whose' }, 'Theirs'), ' ', told(name, theirs[name])),
    element('dd', {}, element('span', { className: 'whose' }, 'Yours'), ' ', told(name, mine[name])),
  ]);
}

/**
 * Whether a field says the same in both: a price may be written in several ways.
 * @param {keyof PropertyInput} name
 * @param {PropertyInput} theirs
 * @param {PropertyInput} mine
 */
export function isSame(name, theirs, mine) {
  return name === 'price' ? Number(theirs.price) === Number(mine.price) : theirs[name] === mine[name];
}

/**
 * @param {keyof PropertyInput} name
 * @param {string} value
 */
const told = (name, value) =>
  name === 'price' && Number.isFinite(Number(value)) ? price(value) : shortened(value, 300);
