// @ts-check
import { plural } from './format.js';

/**
 * What a failed request has come to. `status` is 0 where no answer came; `code` and `detail` are the API's own words
 * (`application/problem+json`), which are for programmers; `seconds`: when it may be asked again (`Retry-After`).
 * @typedef {{ readonly status: number, readonly code?: string, readonly detail?: string, readonly seconds?: number, readonly request?: string }} Failure
 */

const ASK = 'ask the person who runs this server';
const SOON = 'Try again in a moment.';
const UNKNOWN = 'It may have been saved all the same: look at the list before you try again.';

/** Refusals of the API that come before anything is written. */
const UNCHANGED = new Set(['PL_OVERLOADED', 'PL_DATABASE_BUSY', 'PL_DATABASE_UNABLE']);

/**
 * What went wrong with a read, and what to do next.
 * @param {Failure} failure
 * @returns {string}
 */
export function readInWords(failure) {
  const { status, code } = failure;
  if (status === 0) return 'The server cannot be reached. Check that you are online, then try again.';
  if (status === 400) return 'Correct what is marked in the search, or clear it.';
  if (status === 401 || status === 403) return `You are not allowed to see this. Sign in, or ${ASK}.`;
  if (status === 404) return 'Somebody deleted it.';
  if (status === 429) return `The server was asked too often. ${again(failure)}`;
  if (status === 500) return `Something went wrong on the server. Try again.${report(failure)}`;
  if (code?.startsWith('PL_DATABASE_UN')) return `The database does not answer just now. ${SOON}`;
  if (status >= 502 && status <= 504) return `The server is busy, or is being restarted. ${SOON}`;
  return strange(failure);
}

/**
 * What went wrong with a write, whether anything was changed, and what to do next.
 * @param {Failure} failure
 * @returns {string}
 */
export function writeInWords(failure) {
  const { status, code = '', detail } = failure;
  if (status === 0) return `No answer came from the server. ${UNKNOWN}`;
  if (status === 401) return keyInWords(failure);
  if (status === 403) return `You are not allowed to change listings here: ${ASK}.`;
  if (status === 404) return 'Somebody deleted it.';
  if (status === 412) return 'Somebody else changed this listing meanwhile, so nothing was saved.';
  if (status === 413) return 'This is too long to be saved. Shorten the description.';
  if (status === 429)
    return `Too many changes were made in a short time, so this one was not. ${again(failure)}`;
  if (UNCHANGED.has(code)) return `The server cannot do this just now, and nothing was changed. ${SOON}`;
  if (status >= 502) return `The server did not answer, or not in time. ${UNKNOWN}`;
  if (status === 500) return `Something went wrong on the server. ${UNKNOWN}${report(failure)}`;
  return detail ? detail.replace(/[^.!?]$/, '$&.') : strange(failure); // A rule of the database's owner, in those words.
}

/** @param {Failure} failure */
function keyInWords({ detail = '' }) {
  if (isWritingOff(detail)) return `Nothing can be changed here, as this server has no write key: ${ASK}.`;
  return `The server did not take this key. Check it, or ${ASK}.`;
}

/**
 * Whether no key would do.
 * @param {string} detail
 */
export const isWritingOff = (detail) => detail.startsWith('Writing is off');

/** @param {Failure} failure */
const again = ({ seconds }) =>
  seconds ? `Try again in ${plural(seconds, 'second', 'seconds')}.` : 'Try again in a minute.';

/**
 * What who runs the server can find in the log.
 * @param {Failure} failure
 */
const report = ({ request }) => (request ? ` If that does not help, ${ASK} about request ${request}.` : '');

/** @param {Failure} failure */
const strange = ({ status }) =>
  `The server gave an answer (${status}) that this page does not understand. Reload the page; if that does not help, ${ASK}.`;
