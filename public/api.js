// @ts-check
import { readInWords, writeInWords } from './problem-words.js';
import { outcomeOf, report } from './reads.js';

/**
 * @typedef {{ id: number, title: string, description: string, price: string, location: string, created_at: string }} Property
 * @typedef {{ title: string, description: string, price: string, location: string }} PropertyInput
 * @typedef {import('./reads.js').Read} Read
 *
 * An edit of fields that somebody else has changed meanwhile: what the listing is now, both changes together (with the edit's
 * own where both changed the same), and the names of these fields.
 * @typedef {{ now: { property: Property, etag: string }, both: PropertyInput, conflicts: (keyof PropertyInput)[] }} ConflictingEdit
 */

/** How long an answer is waited for: longer than the server itself waits for anything. Milliseconds. */
const PATIENCE_MS = 30_000;

/** What is wrong, in words for who uses the page. Status 0: no answer came, or none that can be read. */
export class Problem extends Error {
  /**
   * @param {import('./problem-words.js').Failure} failure
   * @param {string} words
   * @param {ReadonlySet<string>} [fields] Those that are wrong.
   */
  constructor({ status, detail = '' }, words, fields = new Set()) {
    super(words);
    this.status = status;
    this.detail = detail;
    this.fields = fields;
  }

  /**
   * The read that it is the answer to.
   * @type {Read | undefined}
   */
  read;

  /**
   * Why an edit was refused with 412.
   * @type {ConflictingEdit | undefined}
   */
  conflict;
}

/**
 * Whatever was thrown, as a problem.
 * @param {unknown} error
 */
export const problemOf = (error) =>
  error instanceof Problem ? error : new Problem({ status: 0 }, readInWords({ status: 0 }));

/**
 * A page of listings, or all of them.
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
export async function readList(url, signal) {
  const { body, read: how } = await read(url, signal);
  return { list: /** @type {{ properties: readonly Property[], next: string | null }} */ (body), read: how };
}

/**
 * How many listings there are.
 * @param {string} url
 * @param {AbortSignal} signal
 */
export async function readCount(url, signal) {
  const { body } = await read(url, signal);
  return /** @type {{ count: number }} */ (body).count;
}

/**
 * One listing, with the `etag` that a write of it has to name.
 * @param {number} id
 */
export async function readProperty(id) {
  const { body, etag, read: how } = await read(`/properties/${id}/`);
  return { property: /** @type {Property} */ (body), etag, read: how };
}

/**
 * Reads a page of the API, and reports how it was answered. The browser keeps answers, but asks whether they are
 * still right (`Cache-Control: no-cache`), so that what is shown is always what the server says now.
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ body: unknown, etag: string, read: Read }>}
 */
async function read(url, signal) {
  const at = Date.now();
  const { response, text } = await ask(url, signal ? { signal } : {}, readInWords);
  const milliseconds = durationOf(response.url);
  const read = { url, at, milliseconds, status: response.status, outcome: outcomeOf(response) };
  report(read);
  if (!response.ok) throw Object.assign(problemIn(response, text, readInWords), { read });
  return { body: parsed(text, readInWords), etag: response.headers.get('etag') ?? '', read };
}

/**
 * @param {'POST' | 'PATCH' | 'DELETE'} method
 * @param {string} url
 * @param {{ key: string, etag?: string | undefined, body?: PropertyInput }} what With an `etag`, only if the listing still is that one.
 * @returns {Promise<Property | undefined>}
 */
export async function write(method, url, { key, etag, body }) {
  const headers = new Headers({ authorization: `Bearer ${key}` });
  if (etag) headers.set('if-match', etag);
  if (body) headers.set('content-type', 'application/json');
  const options = { method, headers, body: body ? JSON.stringify(body) : null };
  const { response, text } = await ask(url, options, writeInWords);
  if (!response.ok) throw problemIn(response, text, writeInWords);
  return text === '' ? undefined : parsed(text, writeInWords);
}

/** @typedef {(failure: import('./problem-words.js').Failure) => string} InWords */

/**
 * @param {string} url
 * @param {RequestInit} options
 * @param {InWords} inWords
 */
async function ask(url, options, inWords) {
  const given = options.signal ?? new AbortController().signal;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), PATIENCE_MS);
  try {
    const response = await fetch(url, { ...options, signal: AbortSignal.any([given, late.signal]) });
    return { response, text: await response.text() };
  } catch (error) {
    if (given.aborted) throw error;
    throw new Problem({ status: 0 }, inWords({ status: 0 }));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What a JSON text says. One that is none is no answer of the API, but of something in between.
 * @param {string} text
 * @param {InWords} inWords
 */
function parsed(text, inWords) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem({ status: 0 }, inWords({ status: 0 }));
  }
}

/** The browser notes how long requests took, as many as it has room for. */
performance.addEventListener('resourcetimingbufferfull', () => performance.clearResourceTimings());

/**
 * How long the last answer took from its request on, without what the page itself was busy with. Milliseconds.
 * @param {string} url
 */
function durationOf(url) {
  const timing = performance.getEntriesByName(url, 'resource').at(-1);
  return timing instanceof PerformanceResourceTiming ? timing.responseEnd - timing.requestStart : Number.NaN;
}

/**
 * @param {Response} response
 * @param {string} text
 * @param {InWords} inWords
 */
function problemIn({ status, headers }, text, inWords) {
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json');
  const { code, detail, request_id: request, errors = [] } = isProblem ? parsed(text, inWords) : {};
  const failure = { status, code, detail, request, seconds: Number(headers.get('retry-after')) };
  const fields = new Set(errors.map((/** @type {{ field: string }} */ { field }) => field));
  return new Problem(failure, inWords(failure), fields);
}
