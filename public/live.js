// @ts-check

/**
 * Counts of one second, and what is held at its end. `bytes` and `entries` are those of this process.
 * @typedef {{ hits: number, misses: number, bypasses: number }} Lookups
 * @typedef {{ local: Lookups, shared: Lookups }} Tiers
 * @typedef {{ at: number, pages: Tiers, data: Tiers, local: { entries: number, bytes: number }, redis: { keys: number, bytes: number } | null }} Sample
 * @typedef {{ postgresql: 'up' | 'down', redis: 'up' | 'down' | 'off', bypassed: boolean, since: number }} State
 * @typedef {import('./words.js').Invalidation} Invalidation
 * @typedef {{ instance: string, startedAt: number, store: 'redis' | 'memory', localTier: boolean, samples: Sample[], invalidations: Invalidation[], state: State }} Hello
 * @typedef {{ hello: (hello: Hello) => void, sample: (sample: Sample) => void, invalidation: (invalidation: Invalidation) => void, state: (state: State) => void, lost: (since: number) => void }} LiveHandlers
 */

/** Between attempts to connect again: the first, and the longest. Milliseconds. */
const RETRY_MS = [500, 5_000];

/** A sample comes each second: after so long without one the server is gone. Milliseconds. */
const SILENCE_MS = 5_000;

/** The live feed (Server-Sent Events), which connects again by itself and knows when it hears nothing any more. */
export class LiveFeed {
  #url;
  #handlers;
  #retry = 0;
  #silence = 0;
  #connected = false;
  /** @type {EventSource | undefined} */
  #source;

  /**
   * @param {string} url
   * @param {LiveHandlers} handlers
   */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
    this.#connect();
    addEventListener('online', () => this.#lose());
  }

  #connect() {
    const source = new EventSource(this.#url);
    this.#source = source;
    for (const name of /** @type {const} */ (['hello', 'sample', 'invalidation', 'state'])) {
      source.addEventListener(name, ({ data }) => this.#hear(name, JSON.parse(data)));
    }
    source.onerror = () => this.#lose();
    this.#expectMore();
  }

  /**
   * @param {'hello' | 'sample' | 'invalidation' | 'state'} name
   * @param {unknown} said
   */
  #hear(name, said) {
    this.#connected = true;
    this.#retry = 0;
    this.#expectMore();
    const handle = /** @type {(said: unknown) => void} */ (this.#handlers[name]);
    handle(said);
  }

  #expectMore() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lose(), SILENCE_MS);
  }

  /** The browser's own retries give up at some answers, and wait as long as it likes. */
  #lose() {
    if (!this.#source) return;
    this.#source.close();
    this.#source = undefined;
    clearTimeout(this.#silence);
    if (this.#connected || this.#retry === 0) this.#handlers.lost(Date.now());
    this.#connected = false;
    const [first = 0, longest = 0] = RETRY_MS;
    setTimeout(() => this.#connect(), Math.min(first * 2 ** this.#retry, longest));
    this.#retry += 1;
  }
}
