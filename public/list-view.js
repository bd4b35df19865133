// @ts-check

/** Listings on a page. */
export const LIMIT = 10;

/** The newest come first, unless asked otherwise: what was just added is seen. */
const DEFAULT_SORT = '-created_at';

const FILTERS = ['q', 'location', 'min_price', 'max_price'];

/**
 * What is looked at: filters and order, as the form has them; where the page begins (`cursor`, empty for the first
 * one); and where those before it began, as far as that is known.
 * @typedef {{ readonly parameters: URLSearchParams, readonly cursor: string, readonly before: readonly string[] }} ListView
 */

/**
 * The view that the address names, so that it can be reloaded and shared.
 * @returns {ListView}
 */
export function currentView() {
  const given = new URLSearchParams(location.search);
  const parameters = new URLSearchParams();
  for (const name of [...FILTERS, 'sort']) {
    const value = given.get(name);
    if (value) parameters.set(name, value);
  }
  const before = history.state?.before;
  return { parameters, cursor: given.get('cursor') ?? '', before: Array.isArray(before) ? before : [] };
}

/**
 * @param {ListView} view
 * @param {'push' | 'replace'} how Whether the browser's Back button leads to where it was before.
 */
export function goTo({ parameters, cursor, before }, how) {
  const address = new URLSearchParams(parameters);
  if (cursor) address.set('cursor', cursor);
  const url = address.size > 0 ? `/?${address}` : '/';
  if (how === 'push') history.pushState({ before }, '', url);
  else history.replaceState({ before }, '', url);
}

/** @param {ListView} view */
export function listUrl({ parameters, cursor }) {
  const asked = filtersIn(parameters);
  asked.set('sort', sortIn(parameters));
  asked.set('limit', String(LIMIT));
  if (cursor) asked.set('cursor', cursor);
  return `/properties/?${asked}`;
}

/** @param {ListView} view */
export function countUrl({ parameters }) {
  const asked = filtersIn(parameters);
  return asked.size > 0 ? `/properties/count/?${asked}` : '/properties/count/';
}

/** @param {ListView} view */
export const isFiltered = ({ parameters }) => FILTERS.some((name) => parameters.has(name));

/** @param {URLSearchParams} parameters */
function filtersIn(parameters) {
  return new URLSearchParams([...parameters].filter(([name]) => FILTERS.includes(name)));
}

/**
 * The best match is that of words: without any it is no order.
 * @param {URLSearchParams} parameters
 */
function sortIn(parameters) {
  const sort = parameters.get('sort') ?? DEFAULT_SORT;
  return sort === 'relevance' && !parameters.has('q') ? DEFAULT_SORT : sort;
}
