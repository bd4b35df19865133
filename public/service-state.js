// @ts-check
import { announce, byId, element } from './dom.js';
import { time } from './format.js';

/** @typedef {import('./live.js').State} State */

/** @typedef {{ name: string, words: string, tone: 'good' | 'bad' | 'quiet' }} Chip */

/** The state of the service in the head of the page, and a banner for each thing that is wrong with it. */
export class ServiceState {
  #chips = byId('chips', HTMLUListElement);
  #banners = byId('banners', HTMLElement);
  #feed = byId('feed', HTMLElement);
  #cache = byId('cache', HTMLElement);

  constructor() {
    this.#showChips([{ name: 'Live', words: 'connecting', tone: 'quiet' }]);
  }

  /**
   * @param {State} state
   * @param {string} instance
   */
  show(state, instance) {
    const { postgresql, redis, bypassed } = state;
    this.#cache.classList.remove('lost');
    this.#feed.textContent = `live from ${instance}`;
    this.#showChips([
      { name: 'Live', words: 'connected', tone: 'good' },
      { name: 'PostgreSQL', words: postgresql, tone: postgresql === 'up' ? 'good' : 'bad' },
      { name: 'Redis', words: redis === 'off' ? 'not used' : redis, tone: toneOfRedis(redis) },
      { name: 'Cache', words: bypassed ? 'bypassed' : 'in use', tone: bypassed ? 'bad' : 'good' },
    ]);
    this.#showBanners(bannersOf(state));
  }

  /** @param {number} since Milliseconds since the epoch. */
  showLost(since) {
    this.#cache.classList.add('lost');
    this.#feed.textContent = `as it was at ${time(since)}`;
    this.#showChips([{ name: 'Live', words: 'disconnected', tone: 'bad' }]);
    this.#showBanners([
      `Disconnected from the server since ${time(since)}. What is below is as it was then. This page connects again by itself.`,
    ]);
  }

  /** @param {readonly Chip[]} chips */
  #showChips(chips) {
    const items = chips.map(({ name, words, tone }) =>
      element(
        'li',
        { className: `chip ${tone}` },
        element('span', {}, name),
        ' ',
        element('strong', {}, words),
      ),
    );
    this.#chips.replaceChildren(...items);
  }

  /** @param {readonly string[]} sentences */
  #showBanners(sentences) {
    const before = this.#banners.textContent;
    this.#banners.replaceChildren(
      ...sentences.map((text) => element('p', { className: 'banner danger' }, text)),
    );
    if (this.#banners.textContent !== before) announce(sentences.join(' ') || 'Everything works again.');
  }
}

/** @param {State['redis']} redis */
function toneOfRedis(redis) {
  if (redis === 'off') return 'quiet';
  return redis === 'up' ? 'good' : 'bad';
}

/** @param {State} state */
function bannersOf({ postgresql, redis, bypassed, since }) {
  const banners = [];
  if (postgresql === 'down') {
    banners.push(
      `PostgreSQL cannot be reached since ${time(since)}: you see the listings as they were last read, and nothing can be saved until it is back.`,
    );
  }
  if (redis === 'down')
    banners.push(
      `Redis cannot be reached since ${time(since)}: what you see is up to date, but may take a little longer to come.`,
    );
  if (bypassed && banners.length === 0) {
    banners.push(
      `The cache is not used since ${time(since)}, as it may have missed a change: what you see is up to date, but may take a little longer to come.`,
    );
  }
  return banners;
}
