// @ts-check

/** The fields of the search in which something can be wrong, as the form labels them. */
export const LABELS = /** @type {const} */ ({
  q: 'Words',
  location: 'Location',
  min_price: 'Price from',
  max_price: 'Price to',
});

/** @typedef {keyof typeof LABELS} Field */

const FIELDS = /** @type {readonly Field[]} */ (Object.keys(LABELS));

const AMOUNT = 'Write an amount in digits, such as 500 or 1200.50, up to 99999999.99.';

/**
 * What to write into a field in which something is wrong.
 * @type {Readonly<Record<Field, string>>}
 */
const ADVICE = {
  q: 'Write 10 words at most, of 200 characters together.',
  location: 'Write a location, of 100 characters at most.',
  min_price: AMOUNT,
  max_price: AMOUNT,
};

/** @typedef {ReadonlyMap<Field, string>} Advice What to write, by the field that is wrong. */

/**
 * What to write into the fields that the server refused.
 * @param {ReadonlySet<string>} fields
 * @returns {Advice}
 */
export const adviceOn = (fields) =>
  new Map(FIELDS.filter((name) => fields.has(name)).map((name) => [name, ADVICE[name]]));

/**
 * What to write where the server would refuse a price, which is then not asked. Its word counts: it may refuse more.
 * @param {URLSearchParams} parameters
 * @returns {Advice}
 */
export function wrongPrices(parameters) {
  const [from, to] = [parameters.get('min_price'), parameters.get('max_price')];
  const wrong = adviceOn(
    new Set([...(isAmount(from) ? [] : ['min_price']), ...(isAmount(to) ? [] : ['max_price'])]),
  );
  if (wrong.size > 0 || from === null || to === null || Number(from) <= Number(to)) return wrong;
  return new Map([
    ['min_price', 'Write an amount that is not above “Price to”.'],
    ['max_price', 'Write an amount that is not below “Price from”.'],
  ]);
}

/** @param {string | null} text */
const isAmount = (text) => text === null || /^\d{1,8}(\.\d{1,2})?$/.test(text);
