import { SORT_KEYS, type Sort } from './list-query.ts';

/** How many locations, and how many words, one list query may name. */
export const MAX_LOCATIONS = 10;
export const MAX_WORDS = 10;

/** Characters. */
export const MAX_LOCATION = 100;
export const MAX_WORDS_LENGTH = 200;

export const MAX_LIMIT = 1_000;

/** PostgreSQL stores no NUL, and a lone surrogate has no UTF-8. */
const isText = (text: string, max: number): boolean =>
  text.length > 0 && [...text].length <= max && !text.includes('\0') && text.isWellFormed();

/** Only İ becomes two characters in small letters: they count as one, so that the location in a `next` link is valid as well. */
export function parseLocation(text: string): string | undefined {
  return isText(text.replaceAll('i\u0307', 'İ'), MAX_LOCATION) ? text.toLowerCase() : undefined;
}

export function parsePrice(text: string): string | undefined {
  return /^\d{1,8}(\.\d{1,2})?$/.test(text) ? Number(text).toFixed(2) : undefined;
}

export function parseWords(text: string): string | undefined {
  if (!isText(text, MAX_WORDS_LENGTH)) return undefined;
  const words = new Set(
    text
      .replace(/\p{Lu}/gu, smallLetter)
      .split(/\s+/)
      .filter((word) => word !== ''),
  );
  return words.size > 0 && words.size <= MAX_WORDS ? [...words].sort().join(' ') : undefined;
}

/** As PostgreSQL's text search has it: a letter is one letter, wherever in a word it is. */
function smallLetter(letter: string): string {
  const small = letter.toLowerCase();
  return [...small].length === 1 ? small : letter;
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** A moment in UTC; a date is its first moment. Years before 1 and after 9999 have no such notation. */
export function parseMoment(text: string): string | undefined {
  const [, year, month, day] = MOMENT.exec(text) ?? [];
  const moment = year === undefined ? Number.NaN : Date.parse(text);
  if (Number.isNaN(moment)) return undefined;
  const lastOfMonth = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const iso = new Date(moment).toISOString();
  return Number(day) <= lastOfMonth && /^(?!0000)\d{4}-/.test(iso) ? iso : undefined;
}

export function parseSort(text: string): Sort | undefined {
  const name = text.replace(/^-/, '');
  const by = SORT_KEYS.find((key) => key === name);
  // No reader wants the worst match first: relevance is descending by nature, with the sign or without.
  return by && { by, descending: by !== 'relevance' && name !== text };
}

export function parseLimit(text: string): number | undefined {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= MAX_LIMIT ? limit : undefined;
}
