// @ts-check
import { plural } from './format.js';

/**
 * One invalidation, as the server tells it. `at`: milliseconds since the epoch; `more`: tags that are not among
 * `tags`; `names`: what some of `tags` stand for; `latencyMs`: from the change to here.
 * @typedef {{ id: number, at: number, tags: readonly string[], more: number, names: Readonly<Record<string, readonly string[]>>, cause: 'write' | 'instance' | 'program' | 'reconnect' | 'retry', by: string | null, latencyMs: number | null }} Invalidation
 */

/** @param {Invalidation} invalidation */
export function causeInWords({ cause, by }) {
  if (cause === 'write') return 'write here';
  if (cause === 'instance') return 'another instance';
  if (cause === 'program') return by || 'another program';
  return cause === 'reconnect' ? 'connection is back' : 'tried again';
}

/**
 * Who changed what, as far as it is known.
 * @param {Invalidation} invalidation
 */
export function changeInWords(invalidation) {
  const { cause, by } = invalidation;
  if (cause === 'reconnect')
    return 'The connection to the database was lost and is back, so everything was forgotten';
  if (cause === 'retry') return 'An earlier change had not reached the cache, and now has';
  return `${whoIn(cause, by)} ${deedIn(invalidation)}`;
}

/**
 * Whether no listing can be named that was not forgotten.
 * @param {Invalidation} invalidation
 */
export const isEverything = ({ more, tags }) => more > 0 || tags.includes('property:*');

/**
 * @param {Invalidation['cause']} cause
 * @param {string | null} by
 */
function whoIn(cause, by) {
  if (cause === 'instance') return 'Another instance';
  if (cause === 'program') return by || 'Another program';
  return 'Somebody, through this server,';
}

/** @param {Invalidation} invalidation */
function deedIn(invalidation) {
  const ids = idsIn(invalidation);
  if (isEverything(invalidation)) return 'changed many listings';
  if (ids.length === 0) return 'added listings';
  return ids.length === 1
    ? `changed listing ${ids[0]}`
    : `changed ${plural(ids.length, 'listing', 'listings')}`;
}

/**
 * The listings whose pages were forgotten.
 * @param {Pick<Invalidation, 'tags'>} invalidation
 */
export function idsIn({ tags }) {
  return tags.map((tag) => Number(/^property:(\d+)$/.exec(tag)?.[1])).filter((id) => !Number.isNaN(id));
}

/**
 * What depends on a tag.
 * @param {string} tag
 * @param {readonly string[]} names What it stands for, if that is known.
 */
export function tagInWords(tag, names = []) {
  if (tag === 'properties') return 'lists and counts of all locations';
  if (tag === 'property:*') return 'the page of every listing';
  if (tag === 'location:*') return 'lists of any location';
  if (tag.startsWith('property:')) return `the page of listing ${tag.slice('property:'.length)}`;
  return names.length > 0 ? `lists of ${names.join(', ')}` : 'lists of one location';
}
