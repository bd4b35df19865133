// @ts-check

/** @typedef {import('./api.js').PropertyInput} PropertyInput */

/** The fields of a listing, as the form has them. */
export const FIELDS = /** @type {const} */ (['title', 'location', 'price', 'description']);

/**
 * What to write into a field in which something is wrong.
 * @type {Readonly<Record<keyof PropertyInput, string>>}
 */
export const ADVICE = {
  title: 'Write a title, of 200 characters at most.',
  location: 'Write a location, of 100 characters at most.',
  price: 'Write the price in digits, such as 1200 or 1200.50, up to 99999999.99.',
  description: 'Write a description.',
};

/** As in src/features/properties/text.ts. */
const VISIBLE =
  /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800\u{13441}\u{13442}\u{16FE4}\u{1D159}]/u;

/**
 * What a listing is called. Other programs write to the table too: a title may be blank.
 * @param {Pick<PropertyInput, 'title'>} listing
 */
export const titleOf = ({ title }) => (VISIBLE.test(title) ? title.trim() : '(no title)');

/**
 * The fields that the server would refuse, so that nobody is asked for a key in vain. Its word counts: it may refuse more.
 * @param {PropertyInput} input
 * @returns {ReadonlySet<string>}
 */
export function wrongIn(input) {
  return new Set(FIELDS.filter((name) => !isRight(name, input[name])));
}

/**
 * @param {keyof PropertyInput} name
 * @param {string} value
 */
function isRight(name, value) {
  if (name === 'price') return /^\d{1,8}(\.\d{1,2})?$/.test(value);
  const most = { title: 200, location: 100, description: Number.POSITIVE_INFINITY }[name];
  return VISIBLE.test(value) && [...value].length <= most;
}
