// @ts-check

const PRICE = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const COUNT = new Intl.NumberFormat();
const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** @param {string} amount What the API says, such as `1200.00`: at most ten digits, which a number holds. */
export const price = (amount) => PRICE.format(Number(amount));

/** @param {number} number */
export const count = (number) => COUNT.format(number);

/** @param {number | null} ratio From 0 to 1; null when there was nothing to count. */
export const percent = (ratio) => (ratio === null ? '–' : PERCENT.format(ratio));

/** @param {string} moment ISO 8601. */
export const day = (moment) => DAY.format(new Date(moment));

/** @param {number} at Milliseconds since the epoch. */
export const time = (at) => TIME.format(at);

/** @param {number} milliseconds */
export function milliseconds(milliseconds) {
  if (Number.isNaN(milliseconds)) return '';
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : COUNT.format(Math.round(milliseconds))} ms`;
}

const UNITS = ['B', 'KB', 'MB', 'GB'];

/** @param {number} bytes */
export function bytes(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)));
  const number = bytes / 1024 ** power;
  return `${number < 10 && power > 0 ? number.toFixed(1) : Math.round(number)} ${UNITS[power]}`;
}

/**
 * A text short enough to stand in a sentence. Characters, not halves of them.
 * @param {string} text
 * @param {number} [most]
 */
export function shortened(text, most = 60) {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/**
 * @param {number} number
 * @param {string} one
 * @param {string} many
 */
export const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
