import type { FastifyRequest, RouteOptions } from 'fastify';

/** The key of the page that a request asks its route for. */
export type PageKey = (request: Pick<FastifyRequest, 'params' | 'query'>) => string;

/**
 * The key of a page: its route with the parameters filled in, then the query parameters that the route's
 * schema declares, sorted. Nothing else of the request reaches it: no other parameter can make a new entry,
 * and the same page with and without its trailing slash is one.
 */
export function pageKeyOf({ url, schema }: Pick<RouteOptions, 'url' | 'schema'>): PageKey {
  const declared = Object.keys(Object(Object(schema?.querystring).properties)).sort();
  return ({ params, query }) => {
    const path = fillIn(url, Object(params));
    const search = new URLSearchParams();
    for (const name of declared) {
      for (const value of [Object(query)[name] ?? []].flat()) search.append(name, String(value));
    }
    return search.size > 0 ? `${path}?${search}` : path;
  };
}

function fillIn(url: string, params: Readonly<Record<string, string>>): string {
  return url.replace(/:(\w+)|\*/g, (wildcard, name = wildcard) => encodeURIComponent(String(params[name])));
}
