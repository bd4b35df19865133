// @ts-check
import { button, element, paragraph } from './dom.js';

/**
 * What stands in the place of the list when there is none: what is so, and what to do.
 * @typedef {readonly HTMLElement[]} Message
 */

/**
 * @param {() => void} add
 * @returns {Message}
 */
export const emptyTable = (add) => [
  paragraph('No listings yet', 'lead'),
  element(
    'p',
    {},
    'Add one here, or 25 samples in a terminal: ',
    element('code', {}, 'npx prisma db seed -- --count 25'),
  ),
  button('Add the first one', add, 'primary'),
];

/**
 * @param {() => void} clear
 * @returns {Message}
 */
export const noMatch = (clear) => [
  paragraph('No listing matches', 'lead'),
  paragraph(
    'Every word has to be in the title, the location or the description; a location has to be exact. Words such as “the” and “of” are not looked for: add another one to them.',
  ),
  button('Clear the search', clear),
];

/**
 * @param {() => void} begin
 * @returns {Message}
 */
export const nothingAfter = (begin) => [
  paragraph('There is nothing after this', 'lead'),
  button('To the first page', begin),
];

/**
 * @param {import('./api.js').Problem} problem
 * @param {readonly string[]} advice What to write, field by field, as far as that is known.
 * @param {() => void} clear
 * @returns {Message}
 */
export const wrongSearch = ({ message }, advice, clear) => [
  paragraph('Something in the search has to be changed', 'lead'),
  ...(advice.length > 0 ? advice : [message]).map((sentence) => paragraph(sentence)),
  button('Clear the search', clear),
];

/**
 * @param {import('./api.js').Problem} problem
 * @param {() => void} tryAgain
 * @returns {Message}
 */
export const unreadable = ({ message }, tryAgain) => [
  paragraph('The listings could not be read', 'lead'),
  paragraph(message),
  button('Try again', tryAgain),
];
