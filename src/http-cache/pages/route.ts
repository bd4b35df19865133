import type { FastifyRequest, RouteOptions } from 'fastify';
import type { Key, Tag } from '../../cache/index.ts';
import { shapeOf } from '../../platform/index.ts';
import { boundedKey, inBuckets, type PageKey, pageKeyOf, type Url } from './key.ts';
import { FORMAT } from './page.ts';

/** What decides for how long a page is fresh. */
type Freshness =
  /**
   * The route: seconds for which the page is kept. It speaks to this cache alone, as a targeted field does
   * (RFC 9213); `Cache-Control` speaks to browsers and CDNs, though `no-store` and `private` forbid to keep it.
   */
  | {
      readonly ttl: number;
      readonly freshness?: never;
      /** Whether encoded variants (`br`, `gzip`) are made and looked for: needless work where no page is 1 KB long. */
      readonly compress?: boolean;
    }
  /** The response's own headers, and the request's (RFC 9111). Its codings are its own too. */
  | { readonly freshness: 'response'; readonly ttl?: never; readonly compress?: never };

/** The configuration of a route whose responses are kept: `config: { pageCache: { ttl: 900, tags: ['things'] } }`. */
export type PageCacheRoute = Freshness & {
  /**
   * What the page depends on, that which stands for the page's own resource first; undefined for an URL that can be no
   * page's. Unless given, only a request with an unsafe method to the same URL invalidates the page.
   */
  readonly tags?: readonly Tag[] | ((request: Url) => readonly Tag[] | undefined);
  /**
   * The key of the page; undefined for a URL that can be no page's. Unless given, the path and the query parameters that the
   * schema declares.
   */
  readonly key?: PageKey;
  /**
   * How many buckets there are for pages whose keys differ only after the `?`, each of which keeps one page: otherwise a
   * client could fill the cache with queries. The bucket of a page follows from its key; pages in the same one replace each
   * other.
   */
  readonly buckets?: number;
};

/** The tag of every page whose route names none: it belongs to the option `everything` of `createCaches`. */
export const EVERY_PAGE: Tag = 'page:*';

/** A page as a request names it. */
export interface PageId {
  /** Begins with the shape of the route's responses: two releases with different ones can run at once. */
  readonly key: Key;
  readonly tags: readonly Tag[];
}

/** A route that opted in. */
export interface PageRoute {
  /** As it was declared. */
  readonly url: string;
  readonly ttl: number | undefined;
  readonly compress: boolean;
  /** Whether the URL alone decides on the page, without a hook of the route or a header of the request. */
  readonly byUrlAlone: boolean;
  /** Undefined when the parameters can be no page's. */
  identify(request: FastifyRequest): PageId | undefined;
}

/** @param schemaOf the schema of that `$id` which the route knows, once the application is ready */
export function pageRoute(
  route: RouteOptions,
  config: PageCacheRoute,
  schemaOf: (id: string) => unknown,
): PageRoute {
  const { ttl, tags, compress = ttl !== undefined, buckets } = config;
  const keyOf: PageKey = config.key ?? pageKeyOf(route);
  let shape: string | undefined;
  return {
    url: route.url,
    ttl,
    compress,
    byUrlAlone: route.constraints === undefined && route.onRequest === undefined,
    identify: (request) => {
      const given = typeof tags === 'function' ? tags(request) : tags;
      const pageKey = keyOf(request);
      if (pageKey === undefined || (tags && !given)) return undefined;
      const key = boundedKey(buckets === undefined ? pageKey : inBuckets(pageKey, buckets));
      shape ??= shapeOf([FORMAT, route.schema?.response], schemaOf); // Of the first request: references are known by then.
      return { key: `${shape}:${key}`, tags: given ?? [`page:${boundedKey(pageKey)}`, EVERY_PAGE] };
    },
  };
}
