import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Caches } from '../../src/cache/caches.ts';
import type { Value } from '../../src/cache/stores/store.ts';
import { PROPERTIES, propertyTag, tagsOfProperty } from '../../src/features/properties/tags.ts';
import { etagOf } from '../../src/http-cache/rules/etag.ts';

/** Requests at a time. */
const CONCURRENCY = 64;

/** `PAGE_CACHE_TTL` by default. Seconds. */
const TTL = 900;

/** Every so many pages one is asked for again: the entries that take the memory are entries that are served. */
const AGAIN = 10;

/** Before a page that the cache would not take (it was bypassed) is tried again. Milliseconds. */
const BYPASS_PAUSE_MS = 100;

/** So often: then something is wrong. */
const MAX_BYPASSES = 100;

export interface Amount {
  readonly keys: number;
  readonly invalidations: number;
}

/** Pages that are all different, each looked up and filled as a request does, and invalidations spread among them. */
export class Workload {
  readonly #caches: Caches;
  readonly #amount: Amount;
  readonly #signal: AbortSignal;
  #keys = 0;
  #invalidations = 0;
  #again = 0;

  constructor(caches: Caches, amount: Amount, signal: AbortSignal) {
    this.#caches = caches;
    this.#amount = amount;
    this.#signal = signal;
  }

  /** What has been done; `again`: pages that were asked for a second time. */
  get done(): Amount & { readonly again: number } {
    return { keys: this.#keys, invalidations: this.#invalidations, again: this.#again };
  }

  /** Goes on until this share of the work is done, and the store has answered all of it. */
  async goOn(share: number): Promise<void> {
    const end = Math.round(share * this.#amount.keys);
    await Promise.all(Array.from({ length: CONCURRENCY }, () => this.#work(end)));
    await this.#caches.keyspace(); // Answered after the fills before it, which no caller waits for.
  }

  async #work(end: number): Promise<void> {
    const { keys, invalidations } = this.#amount;
    while (this.#keys < end) {
      this.#signal.throwIfAborted();
      this.#keys += 1;
      const id = this.#keys;
      await this.#fill(id);
      if (id % AGAIN === 0) await this.#readAgain(id);
      while (this.#invalidations < Math.floor((id / keys) * invalidations)) await this.#invalidate(id);
      await nextTurn(); // As between two requests: timers and signals have their turn.
    }
  }

  async #fill(id: number): Promise<void> {
    for (let turn = 0; turn < MAX_BYPASSES; turn += 1, await delay(BYPASS_PAUSE_MS)) {
      const found = await this.#caches.pages.lookup(pageKey(id), tagsOfProperty(id));
      if (found.outcome === 'bypass') continue;
      if (found.outcome === 'hit' || !found.fill)
        throw new Error(`${pageKey(id)} was never asked for before`);
      const entry = found.fill.entry(pageOf(id), TTL);
      this.#caches.pages.keep(pageKey(id), entry);
      return found.fill.settle(entry);
    }
    throw new Error(`the cache was bypassed ${MAX_BYPASSES} times on end`);
  }

  async #readAgain(id: number): Promise<void> {
    this.#again += 1;
    const found = await this.#caches.pages.lookup(pageKey(id), tagsOfProperty(id));
    if (found.outcome === 'miss') found.fill?.settle();
  }

  /** In turns as the instance that wrote does, and as each does that hears of a committed change. */
  async #invalidate(id: number): Promise<void> {
    this.#invalidations += 1;
    const change = this.#invalidations % 2 === 0 ? String(this.#invalidations) : undefined;
    const tags = [PROPERTIES, propertyTag(id)];
    if (change === undefined) return this.#caches.invalidate(tags);
    this.#caches.invalidateNotified(tags, { cause: 'instance', change });
    await new Promise(setImmediate);
  }
}

const pageKey = (id: number): string => `/properties/${id}/`;

/** A row as the service answers it: about 300 bytes, made of a string as there. */
function pageOf(id: number): Value {
  const page = {
    id,
    title: `Sunny flat number ${id}`,
    description: 'Three rooms, a balcony to the south, and a kitchen that was made anew last year. '.repeat(
      2,
    ),
    price: '123456.78',
    location: 'Lisbon',
    created_at: '2026-01-01T00:00:00.000Z',
  };
  const body = Buffer.from(JSON.stringify(page));
  return { head: { 'content-type': 'application/json; charset=utf-8', etag: etagOf(body) }, body };
}
