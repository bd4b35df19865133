import type { FastifyRequest, RouteOptions } from 'fastify';

/** The query parameters that a route's schema declares: no other one can make a new entry. */
export function declaredQuery(route: Pick<RouteOptions, 'schema'>): readonly string[] {
  return Object.keys(Object(Object(route.schema?.querystring).properties)).sort();
}

/**
 * The key of a page: its route with the parameters filled in, then the declared query parameters, sorted.
 * Nothing else of the request reaches it. The same page with and without its trailing slash is one entry.
 */
export function pageKey(request: FastifyRequest, declared: readonly string[]): string {
  const params: Record<string, string> = Object(request.params);
  const path = (request.routeOptions.url ?? '').replace(/:(\w+)|\*/g, (wildcard, name = wildcard) =>
    encodeURIComponent(String(params[name])),
  );
  const query = new URLSearchParams();
  for (const name of declared) {
    for (const value of [Object(request.query)[name] ?? []].flat()) query.append(name, String(value));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}
