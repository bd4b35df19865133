import { isHost } from '../rules/host.ts';

/** A plain request: nothing in it but these fields could change the answer to a hit. */
export interface Plain {
  readonly ifNoneMatch: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** It has `Cache-Control` or `Pragma`, which matters only on routes whose responses decide on their freshness. */
  readonly hasDirectives: boolean;
}

const FIELDS = ['host', 'if-none-match', 'accept-encoding', 'cache-control', 'pragma', 'content-type'];

/** Fields whose requests take the slow path. */
const NOT_PLAIN = [
  'authorization',
  'content-length',
  'expect',
  'if-match',
  'if-modified-since',
  'if-range',
  'if-unmodified-since',
  'range',
  'transfer-encoding',
  'upgrade',
];

/** The last value of `Host` that was found to be valid: most requests to a server have the same. */
let knownHost = 'localhost';

const LENGTHS = new Set([...FIELDS, ...NOT_PLAIN].map((name) => name.length));

/**
 * Reads the fields as they came, `[name, value, …]`; undefined for a request that is not plain. A plain one has exactly one
 * `Host`, and a valid one, and no second `Content-Type`: the slow path answers what is wrong with others.
 */
export function plainRequest(rawHeaders: readonly string[]): Plain | undefined {
  let host: string | undefined;
  let ifNoneMatch: string | undefined;
  let acceptEncoding: string | undefined;
  let hasDirectives = false;
  let hasType = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index] as string; // Always there: names and values alternate.
    if (!LENGTHS.has(given.length)) continue;
    const name = given.toLowerCase();
    if (name === 'host') {
      if (host !== undefined) return undefined;
      host = rawHeaders[index + 1];
    } else if (name === 'accept-encoding') {
      if (acceptEncoding !== undefined) return undefined;
      acceptEncoding = rawHeaders[index + 1];
    } else if (name === 'if-none-match') {
      if (ifNoneMatch !== undefined) return undefined;
      ifNoneMatch = rawHeaders[index + 1];
    } else if (name === 'cache-control' || name === 'pragma') {
      hasDirectives = true;
    } else if (name === 'content-type') {
      if (hasType) return undefined;
      hasType = true;
    } else if (NOT_PLAIN.includes(name)) {
      return undefined;
    }
  }
  if (host === undefined) return undefined;
  if (host !== knownHost) {
    if (!isHost(host)) return undefined;
    knownHost = host;
  }
  return { ifNoneMatch, acceptEncoding, hasDirectives };
}
