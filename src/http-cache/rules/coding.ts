import { LRUCache } from 'lru-cache';

/** The content codings that a page is kept in besides its own bytes, the preferred one first. */
export const CODINGS = ['br', 'gzip'] as const;

export type Coding = (typeof CODINGS)[number];

/** How many values of `Accept-Encoding` are remembered, and how long each may be: clients may send anything. */
const REMEMBERED = 256;
const MAX_LENGTH = 256;

const remembered = new LRUCache<string, { readonly coding: Coding | undefined }>({ max: REMEMBERED });

/** The coding that `Accept-Encoding` likes best; undefined: the bytes as they are (RFC 9110 §12.5.3). */
export function preferredCoding(acceptEncoding: string | undefined): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const known = remembered.get(acceptEncoding);
  if (known) return known.coding;
  const coding = negotiate(acceptEncoding);
  if (acceptEncoding.length <= MAX_LENGTH) remembered.set(acceptEncoding, { coding });
  return coding;
}

function negotiate(acceptEncoding: string): Coding | undefined {
  const weights = new Map<string, number>();
  for (const member of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', ...parameters] = member.split(';').map((part) => part.trim());
    weights.set(name === 'x-gzip' ? 'gzip' : name, weightOf(parameters));
  }
  const weight = (name: string) => weights.get(name) ?? weights.get('*') ?? 0;
  const identity = weights.get('identity') ?? 0;
  const [best] = CODINGS.filter((name) => weight(name) > 0 && weight(name) >= identity).sort(
    (a, b) => weight(b) - weight(a),
  );
  return best;
}

/** 1 unless it is given; 0 for what is no weight. */
function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (given === undefined) return 1;
  const [, text = ''] = /^q=([01](?:\.\d{0,3})?)$/.exec(given) ?? [];
  return text === '' ? 0 : Math.min(1, Number(text));
}
