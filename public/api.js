// @ts-check
import { outcomeOf, report } from './reads.js';

/**
 * @typedef {{ id: number, title: string, description: string, price: string, location: string, created_at: string }} Property
 * @typedef {{ title: string, description: string, price: string, location: string }} PropertyInput
 * @typedef {import('./reads.js').Read} Read
 */

/** What the API says is wrong (`application/problem+json`), or that it could not be reached: status 0. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {ReadonlyMap<string, string>} [fields] What is wrong with each field.
   */
  constructor(status, detail, fields = new Map()) {
    super(detail);
    this.status = status;
    this.fields = fields;
  }

  /**
   * The read that it is the answer to.
   * @type {Read | undefined}
   */
  read;
}

/**
 * Whatever was thrown, as a problem.
 * @param {unknown} error
 */
export const problemOf = (error) => (error instanceof Problem ? error : new Problem(0, String(error)));

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
  const response = await ask(url, signal ? { signal } : {});
  const text = await response.text();
  const milliseconds = durationOf(response.url);
  const read = { url, at, milliseconds, status: response.status, outcome: outcomeOf(response) };
  report(read);
  if (!response.ok) throw Object.assign(problemIn(response, text), { read });
  return { body: JSON.parse(text), etag: response.headers.get('etag') ?? '', read };
}

/**
 * @param {'POST' | 'PUT' | 'DELETE'} method
 * @param {string} url
 * @param {{ key: string, etag?: string | undefined, body?: PropertyInput }} what With an `etag`, only if the listing still is that one.
 * @returns {Promise<Property | undefined>}
 */
export async function write(method, url, { key, etag, body }) {
  const headers = new Headers({ authorization: `Bearer ${key}` });
  if (etag) headers.set('if-match', etag);
  if (body) headers.set('content-type', 'application/json');
  const response = await ask(url, { method, headers, body: body ? JSON.stringify(body) : null });
  const text = await response.text();
  if (!response.ok) throw problemIn(response, text);
  return text === '' ? undefined : JSON.parse(text);
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
async function ask(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, 'The server cannot be reached.');
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
 */
function problemIn(response, text) {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  if (!isProblem) return new Problem(response.status, `The server answered ${response.status}.`);
  const { detail, errors = [] } = JSON.parse(text);
  const fields = new Map();
  for (const { field, message } of errors) if (!fields.has(field)) fields.set(field, message);
  return new Problem(response.status, detail, fields);
}
