// @ts-check

/**
 * @typedef {import('./live.js').Sample} Sample
 * @typedef {import('./live.js').Lookups} Lookups
 * @typedef {{ readonly layer: 'pages' | 'data', readonly tier: 'local' | 'shared' }} Series
 */

/**
 * The line of each series, told from the others without its colour: as `stroke-dasharray` has it, in pixels.
 * @type {Readonly<Record<Series['layer'], Readonly<Record<Series['tier'], number[]>>>>}
 */
export const DASHES = {
  pages: { local: [], shared: [8, 4] },
  data: { local: [2, 3], shared: [9, 3, 2, 3] },
};

/** How far back it goes. Seconds, and samples. */
export const WINDOW_SECONDS = 300;

/** Over how many seconds a ratio is taken: of a single second it would jump between 0 and 1. */
const RATIO_SECONDS = 10;

/** The samples of the last five minutes. */
export class Samples {
  /** @type {Sample[]} */
  #samples = [];

  /** @param {readonly Sample[]} samples Oldest first. */
  replace(samples) {
    this.#samples = samples.slice(-WINDOW_SECONDS);
  }

  /** @param {Sample} sample */
  add(sample) {
    this.#samples.push(sample);
    if (this.#samples.length > WINDOW_SECONDS) this.#samples.shift();
  }

  /** @returns {Sample | undefined} */
  get last() {
    return this.#samples.at(-1);
  }

  /** Seconds since the epoch. */
  get times() {
    return this.#samples.map(({ at }) => at / 1000);
  }

  /**
   * Lookups in each second.
   * @param {Series} series
   */
  rates(series) {
    return this.#lookups(series).map((lookups) => asked(lookups));
  }

  /**
   * Hits among the lookups of the seconds before, where there were any.
   * @param {Series} series
   */
  ratios(series) {
    const lookups = this.#lookups(series);
    return lookups.map((_, index) =>
      ratio(sum(lookups.slice(Math.max(0, index + 1 - RATIO_SECONDS), index + 1))),
    );
  }

  /**
   * All lookups of the window.
   * @param {Series} series
   */
  total(series) {
    return sum(this.#lookups(series));
  }

  /** @param {Series} series */
  #lookups({ layer, tier }) {
    return this.#samples.map((sample) => sample[layer][tier]);
  }
}

/** @param {Lookups} lookups */
export const asked = ({ hits, misses, bypasses }) => hits + misses + bypasses;

/** @param {Lookups} lookups */
export const ratio = (lookups) => (asked(lookups) === 0 ? null : lookups.hits / asked(lookups));

/** @param {readonly Lookups[]} all */
function sum(all) {
  const total = { hits: 0, misses: 0, bypasses: 0 };
  for (const { hits, misses, bypasses } of all) {
    total.hits += hits;
    total.misses += misses;
    total.bypasses += bypasses;
  }
  return total;
}
