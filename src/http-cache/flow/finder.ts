import type { Entry, EntryCache, Fill, LookupOptions, Miss } from '../../cache/index.ts';
import { isFresh } from '../../cache/index.ts';
import type { EncodedVariants, Preference } from '../pages/encoded-variants.ts';
import { pageOf, varyMarkerOf } from '../pages/page.ts';
import type { PageId, PageRoute } from '../pages/route.ts';
import { isAnswer } from '../pages/selection.ts';
import type { CacheRequest } from '../rules/cache-request.ts';
import type { Forward } from '../rules/cache-status.ts';
import { isSelectedBy, selectionOf, variantKey } from '../rules/vary.ts';

/** What the cache has for a request. */
export type Found =
  | { readonly outcome: 'hit'; readonly entry: Entry; readonly key: string; readonly collapsed: boolean }
  | Missed;

export interface Missed {
  readonly outcome: 'forward';
  readonly reason: Forward;
  /** The key of the page: that of the URL, or of its variant. */
  readonly key: string;
  readonly fill: Fill | undefined;
  /** The entry that was found and is not invalidated, but does not answer the request. */
  readonly refused: Entry | undefined;
}

export interface Search {
  readonly route: PageRoute;
  readonly id: PageId;
  readonly cacheRequest: CacheRequest;
  readonly lead: NonNullable<LookupOptions['lead']>;
  /** The request refreshes the page, so that the stored one does not answer it. */
  readonly refresh?: boolean;
}

/** Which encoded variant the client of a search prefers. */
export const preferenceOf = ({ route, id, cacheRequest }: Search): Preference => ({
  compress: route.compress,
  acceptEncoding: cacheRequest.headers['accept-encoding'],
  tags: id.tags,
});

/**
 * Finds the page that answers a request: the entry under the URL's key, or the variant that the vary marker under it leads
 * to. Of either, the encoded variant that the client prefers comes first, but an entry in this
 * process's memory comes before any that takes a round trip.
 */
export class Finder {
  readonly #pages: EntryCache;
  readonly #encodedVariants: EncodedVariants;
  readonly #now: () => number;

  constructor(pages: EntryCache, encodedVariants: EncodedVariants, now: () => number) {
    this.#pages = pages;
    this.#encodedVariants = encodedVariants;
    this.#now = now;
  }

  async find(search: Search): Promise<Found> {
    const { id, cacheRequest } = search;
    const found = await this.#findAt(id.key, search);
    const names = found.outcome === 'hit' ? varyMarkerOf(found.entry) : undefined;
    if (!names) return found;
    const variant = await this.#findAt(variantKey(id.key, selectionOf(names, cacheRequest.headers)), search);
    if (variant.outcome === 'hit' || variant.reason !== 'uri-miss') return variant;
    return { ...variant, reason: 'vary-miss' };
  }

  async #findAt(key: string, { route, id, cacheRequest, lead, refresh = false }: Search): Promise<Found> {
    const { tags } = id;
    const takes = (entry: Entry) =>
      refresh ? varyMarkerOf(entry) !== undefined : isAnswer(entry, cacheRequest, this.#now());
    const encodedKey = route.compress
      ? this.#encodedVariants.preferred(key, cacheRequest.headers['accept-encoding'])
      : undefined;
    const local =
      (encodedKey && this.#pages.peekLocal(encodedKey, tags, takes)) ??
      this.#pages.peekLocal(key, tags, takes);
    const entry = local ?? (encodedKey && (await this.#pages.peek(encodedKey, tags, takes)));
    if (entry) {
      this.#pages.hit(local ? 'local' : undefined);
      return { outcome: 'hit', entry, key, collapsed: false };
    }
    const found = await this.#pages.lookup(key, tags, {
      lead,
      takes,
      whileRefreshing: (entry) =>
        route.ttl !== undefined && isSelectedBy(pageOf(entry).selectedBy, cacheRequest.headers),
    });
    if (found.outcome === 'hit') return { ...found, key };
    if (found.outcome === 'bypass') return { outcome: 'forward', reason: 'bypass', key, ...NOTHING };
    return { outcome: 'forward', key, fill: found.fill, ...this.#judge(found, cacheRequest) };
  }

  #judge({ known, refused }: Miss, cacheRequest: CacheRequest): Pick<Missed, 'reason' | 'refused'> {
    if (!refused) return { reason: known ? 'stale' : 'uri-miss', refused };
    if (!isSelectedBy(pageOf(refused).selectedBy, cacheRequest.headers))
      return { reason: 'vary-miss', refused: undefined };
    return { reason: isFresh(refused, this.#now()) ? 'request' : 'stale', refused };
  }
}

const NOTHING = { fill: undefined, refused: undefined };
