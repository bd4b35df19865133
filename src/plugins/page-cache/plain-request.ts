/** A request in which nothing but these could change the answer to a hit. */
export interface Plain {
  readonly ifNoneMatch: string | undefined;
  readonly acceptEncoding: string | undefined;
  /** It has `Cache-Control` or `Pragma`, which only some routes leave to their own word. */
  readonly hasDirectives: boolean;
}

const FIELDS = ['if-none-match', 'accept-encoding', 'cache-control', 'pragma'];

/** Fields with which a request is answered in another way. */
const OTHER_WAYS = [
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

const LENGTHS = new Set([...FIELDS, ...OTHER_WAYS].map((name) => name.length));

/** Reads the fields as they came, `[name, value, …]`; undefined for a request that is not plain. */
export function plainRequest(rawHeaders: readonly string[]): Plain | undefined {
  let ifNoneMatch: string | undefined;
  let acceptEncoding: string | undefined;
  let hasDirectives = false;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const given = rawHeaders[index] as string; // There is one: names and values take turns.
    if (!LENGTHS.has(given.length)) continue;
    const name = given.toLowerCase();
    if (name === 'accept-encoding') {
      if (acceptEncoding !== undefined) return undefined;
      acceptEncoding = rawHeaders[index + 1];
    } else if (name === 'if-none-match') {
      if (ifNoneMatch !== undefined) return undefined;
      ifNoneMatch = rawHeaders[index + 1];
    } else if (name === 'cache-control' || name === 'pragma') {
      hasDirectives = true;
    } else if (OTHER_WAYS.includes(name)) {
      return undefined;
    }
  }
  return { ifNoneMatch, acceptEncoding, hasDirectives };
}
