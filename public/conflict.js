// @ts-check
import { button, byId, element, paragraph } from './dom.js';
import { price, shortened } from './format.js';

/** @typedef {import('./api.js').PropertyInput} PropertyInput */

const LABELS = /** @type {const} */ ({
  title: 'Title',
  location: 'Location',
  price: 'Price',
  description: 'Description',
});

/** What is shown when somebody else changed the listing meanwhile: both versions where they differ, and two ways on. */
export class Conflict {
  #place = byId('editor-conflict', HTMLElement);
  #choices;

  /** @param {{ takeTheirs: (theirs: PropertyInput) => void, keepMine: () => void }} choices */
  constructor(choices) {
    this.#choices = choices;
  }

  hide() {
    this.#place.hidden = true;
    this.#place.replaceChildren();
  }

  /** @param {{ theirs: PropertyInput, mine: PropertyInput }} versions */
  show({ theirs, mine }) {
    const takeTheirs = () => {
      this.hide();
      this.#choices.takeTheirs(theirs);
    };
    const keepMine = () => {
      this.hide();
      this.#choices.keepMine();
    };
    this.#place.hidden = false;
    this.#place.replaceChildren(
      paragraph('Somebody else changed this listing while you edited it. Nothing was saved yet.', 'lead'),
      box(...differences(theirs, mine)),
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
 */
function differences(theirs, mine) {
  const names = /** @type {(keyof PropertyInput)[]} */ (Object.keys(LABELS)).filter(
    (name) => !isSame(name, theirs, mine),
  );
  if (names.length === 0) return [element('dt', {}, 'Both versions say the same')];
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
