import { createHash } from 'node:crypto';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { type Key, keyIn } from '../../cache/index.ts';
import { type Fields, fieldsOf, hasFields } from '../../platform/index.ts';

/** The parts of a request that decide which page it asks for: those of its URL, and no header. */
export type Url = Pick<FastifyRequest, 'url' | 'params' | 'query'>;

/** The key of the page that an URL stands for. */
export type PageKey = (url: Url) => string | undefined;

/** A longer key is cut, with a digest of the whole: what a client sends must not fill the memory. */
const MAX_LENGTH = 256;

/**
 * The key of a page: its route with the parameters filled in, then the query parameters that the route's
 * schema declares, sorted. Nothing else of the request reaches it: no other parameter can make a new entry,
 * and the same page with and without its trailing slash is one.
 */
export function pageKeyOf(route: Pick<RouteOptions, 'url' | 'schema' | 'constraints'>): PageKey {
  const declared = declaredParameters(route);
  const url = route.constraints ? `${route.url}{${JSON.stringify(route.constraints)}}` : route.url;
  return ({ params, query }) => {
    const path = fillIn(url, fieldsOf(params));
    const given = fieldsOf(query);
    const search = new URLSearchParams();
    for (const name of declared) {
      for (const value of [given[name] ?? []].flat()) search.append(name, String(value));
    }
    return search.size > 0 ? `${path}?${search}` : path;
  };
}

/** Throws where a schema hides its parameters: a page that ignores one would be the wrong page. */
function declaredParameters({ url, schema }: Pick<RouteOptions, 'url' | 'schema'>): string[] {
  const query = schema?.querystring ?? fieldsOf(schema).query;
  if (query === undefined) return [];
  const { properties } = fieldsOf(query);
  if (!hasFields(properties) || COMPOSED.some((keyword) => keyword in fieldsOf(query)))
    throw new Error(`The query parameters of ${url} cannot be told from its schema: give pageCache a key`);
  return Object.keys(properties).sort();
}

const COMPOSED = ['$ref', 'allOf', 'anyOf', 'oneOf', 'patternProperties'];

/** A key that begins with `/`, and is not too long. */
export function boundedKey(key: string): string {
  const path = key.startsWith('/') ? key : `/${key}`;
  if (path.length <= MAX_LENGTH) return path;
  const digest = createHash('sha256').update(path).digest('base64url');
  return `${path.slice(0, MAX_LENGTH - digest.length - 1)}#${digest}`;
}

/** The key in one of so many buckets of its path, with its query as its identity there. */
export function inBuckets(key: string, buckets: number): Key {
  const [path, ...rest] = key.split('?');
  if (rest.length === 0) return key;
  const query = rest.join('?');
  const digest = createHash('sha256').update(query).digest();
  return keyIn(`${path}?~${digest.readUInt32BE(0) % buckets}`, query);
}

/** An optional parameter that is absent is `%`, which no value becomes. */
function fillIn(url: string, params: Fields): string {
  return url.replace(/:(\w+)|\*/g, (wildcard, name = wildcard) => {
    const value = params[name];
    return value === undefined ? '%' : encodeURIComponent(String(value));
  });
}
