// @ts-check
import { byId, element } from './dom.js';
import { milliseconds, time } from './format.js';

/**
 * How a read was answered: from the cache; from the database; from the database past a cache that is not to be
 * trusted now; with the last known answer while the database is away; or not at all.
 * @typedef {'hit' | 'fresh' | 'bypass' | 'last-known' | 'failed'} Outcome
 *
 * One read of this page. `at` is milliseconds since the epoch.
 * @typedef {{ url: string, at: number, milliseconds: number, status: number, outcome: Outcome }} Read
 */

/** How many of them are shown. */
const SHOWN = 8;

/** @type {Readonly<Record<Outcome, string>>} */
export const OUTCOMES = {
  hit: 'hit',
  fresh: 'fresh',
  bypass: 'fresh, cache bypassed',
  'last-known': 'last known',
  failed: 'failed',
};

/**
 * What `Cache-Status` (RFC 9211) says of an answer.
 * @param {Pick<Response, 'status' | 'headers'>} response
 * @returns {Outcome}
 */
export function outcomeOf({ status, headers }) {
  const [, ...parts] = (headers.get('cache-status') ?? '').split(/;\s*/);
  if (parts.includes('detail=stale-if-error')) return 'last-known';
  if (status >= 500) return 'failed';
  if (parts.includes('hit')) return 'hit';
  return parts.includes('fwd=bypass') ? 'bypass' : 'fresh';
}

/** @param {Outcome} outcome */
export const badge = (outcome) => element('span', { className: `badge ${outcome}` }, OUTCOMES[outcome]);

/**
 * Adds a read to those that are shown, newest first.
 * @param {Read} read
 */
export function report(read) {
  const list = byId('reads', HTMLOListElement);
  const url = element('code', { className: 'url', title: read.url }, read.url);
  const took = element('span', { className: 'took' }, milliseconds(read.milliseconds));
  const at = element('span', { className: 'at' }, time(read.at));
  list.prepend(element('li', {}, badge(read.outcome), url, took, at));
  while (list.children.length > SHOWN) list.lastElementChild?.remove();
}
