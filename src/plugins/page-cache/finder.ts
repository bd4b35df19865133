import type { Cache } from '../../cache/cache.ts';
import type { Fill, LookupOptions, Miss } from '../../cache/lookup.ts';
import type { Entry } from '../../cache/store.ts';
import { isFresh } from '../../cache/token.ts';
import { type Asked, isAnswer } from './asked.ts';
import type { Forward } from './cache-status.ts';
import type { Forms } from './forms.ts';
import { pageOf, signpostOf } from './page.ts';
import type { PageId, PageRoute } from './route.ts';
import { isSelectedBy, selectionOf, variantKey } from './vary.ts';

/** What the cache has for a request. */
export type Found =
  | { readonly outcome: 'hit'; readonly entry: Entry; readonly key: string; readonly collapsed: boolean }
  | Missed;

export interface Missed {
  readonly outcome: 'forward';
  readonly reason: Forward;
  /** Where the page would stand: that of the URL, or of its variant. */
  readonly key: string;
  readonly fill: Fill | undefined;
  /** What was there, and no invalidation has reached, but does not answer the request. */
  readonly refused: Entry | undefined;
}

export interface Search {
  readonly route: PageRoute;
  readonly id: PageId;
  readonly asked: Asked;
  readonly lead: NonNullable<LookupOptions['lead']>;
  /** Whoever refreshes a page has no use for the one that there is. */
  readonly refresh?: boolean;
}

/**
 * Finds the page that answers a request: the one that stands under its URL's key, or where the signpost there says
 * that its variants are. Of either the form in the coding that the client prefers comes first, but what is at hand in
 * this process comes before anything that takes a question.
 */
export class Finder {
  readonly #pages: Cache;
  readonly #forms: Forms;
  readonly #now: () => number;

  constructor(pages: Cache, forms: Forms, now: () => number) {
    this.#pages = pages;
    this.#forms = forms;
    this.#now = now;
  }

  async find(search: Search): Promise<Found> {
    const { id, asked } = search;
    const found = await this.#findAt(id.key, search);
    const names = found.outcome === 'hit' ? signpostOf(found.entry) : undefined;
    if (!names) return found;
    const variant = await this.#findAt(variantKey(id.key, selectionOf(names, asked.headers)), search);
    if (variant.outcome === 'hit' || variant.reason !== 'uri-miss') return variant;
    return { ...variant, reason: 'vary-miss' };
  }

  async #findAt(key: string, { route, id, asked, lead, refresh = false }: Search): Promise<Found> {
    const { tags } = id;
    const takes = (entry: Entry) =>
      refresh ? signpostOf(entry) !== undefined : isAnswer(entry, asked, this.#now());
    const form = route.compress ? this.#forms.preferred(key, asked.headers['accept-encoding']) : undefined;
    const near = (form && this.#pages.near(form, tags, takes)) ?? this.#pages.near(key, tags, takes);
    const entry = near ?? (form && (await this.#pages.peek(form, tags, takes)));
    if (entry) {
      this.#pages.hit(near ? 'local' : undefined);
      return { outcome: 'hit', entry, key, collapsed: false };
    }
    const found = await this.#pages.lookup(key, tags, {
      lead,
      takes,
      whileRefreshing: (entry) =>
        route.ttl !== undefined && isSelectedBy(pageOf(entry).selectedBy, asked.headers),
    });
    if (found.outcome === 'hit') return { ...found, key };
    if (found.outcome === 'bypass') return { outcome: 'forward', reason: 'bypass', key, ...NOTHING };
    return { outcome: 'forward', key, fill: found.fill, ...this.#judge(found, asked) };
  }

  #judge({ known, refused }: Miss, asked: Asked): Pick<Missed, 'reason' | 'refused'> {
    if (!refused) return { reason: known ? 'stale' : 'uri-miss', refused };
    if (!isSelectedBy(pageOf(refused).selectedBy, asked.headers))
      return { reason: 'vary-miss', refused: undefined };
    return { reason: isFresh(refused, this.#now()) ? 'request' : 'stale', refused };
  }
}

const NOTHING = { fill: undefined, refused: undefined };
