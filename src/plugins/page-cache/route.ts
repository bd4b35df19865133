import type { FastifyRequest, RouteOptions } from 'fastify';
import type { Tag } from '../../cache/store.ts';
import { boundedKey, inPlaces, type PageKey, pageKeyOf, type Url } from './key.ts';

/** Who decides for how long a page is fresh. */
type Freshness =
  /**
   * The route: seconds for which the page is kept. It speaks to this cache alone, as a targeted field does
   * (RFC 9213); `Cache-Control` speaks to browsers and CDNs, though `no-store` and `private` forbid to keep it.
   */
  | {
      readonly ttl: number;
      readonly freshness?: never;
      /** Whether `br` and `gzip` forms are made and looked for: a needless question where no page is 1 KB long. */
      readonly compress?: boolean;
    }
  /** The response's own headers, and the request's (RFC 9111). Its codings are its own too. */
  | { readonly freshness: 'response'; readonly ttl?: never; readonly compress?: never };

/** What a route says to have its responses kept: `config: { pageCache: { ttl: 900, tags: ['things'] } }`. */
export type PageCacheRoute = Freshness & {
  /**
   * What the page depends on, that which stands for the page's own resource first; undefined for an URL that can be no
   * page's. Unless given, only a request with an unsafe method to the same URL invalidates the page.
   */
  readonly tags?: readonly Tag[] | ((request: Url) => readonly Tag[] | undefined);
  /**
   * What makes a page another one; undefined for an URL that can be no page's. Unless given, the path and the query
   * parameters that the schema declares.
   */
  readonly key?: PageKey;
  /**
   * How many pages are kept at most that differ in what their keys have after a `?`: whoever may ask what he likes
   * could fill the cache otherwise. Which place a page has follows from its key; two that fall together take turns.
   */
  readonly places?: number;
};

/** The tag of every page whose route names none: it belongs to what `createCaches` is told of as `everything`. */
export const EVERY_PAGE: Tag = 'page:*';

/** A page as a request names it. */
export interface PageId {
  readonly key: string;
  readonly tags: readonly Tag[];
}

/** A route that opted in. */
export interface PageRoute {
  /** As it was declared. */
  readonly url: string;
  readonly ttl: number | undefined;
  readonly compress: boolean;
  /** Whether the URL alone leads to a page, so that a hook or a header of the request need not be asked. */
  readonly byUrlAlone: boolean;
  /** Undefined when the parameters can be no page's. */
  identify(request: FastifyRequest): PageId | undefined;
}

export function pageRoute(route: RouteOptions, config: PageCacheRoute): PageRoute {
  const { ttl, tags, compress = ttl !== undefined, places } = config;
  const keyOf: PageKey = config.key ?? pageKeyOf(route);
  return {
    url: route.url,
    ttl,
    compress,
    byUrlAlone: route.constraints === undefined && route.onRequest === undefined,
    identify: (request) => {
      const given = typeof tags === 'function' ? tags(request) : tags;
      const asked = keyOf(request);
      if (asked === undefined || (tags && !given)) return undefined;
      const key = boundedKey(places === undefined ? asked : inPlaces(asked, places));
      return { key, tags: given ?? [`page:${key}`, EVERY_PAGE] };
    },
  };
}
