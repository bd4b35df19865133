import type { Entry } from '../../src/cache/stores/store.ts';
import { type Page, toValue } from '../../src/http-cache/pages/page.ts';
import type { Freshness } from '../../src/http-cache/rules/freshness.ts';

/** When the entries of the tests were stored. Milliseconds since the epoch. */
export const STORED = 1_700_000_000_000;

/** Seconds for which they are fresh. */
export const TTL = 60;

export const after = (seconds: number): number => STORED + seconds * 1000;

/** A page of ten bytes. */
export const page = (given: Partial<Page> = {}): Page => ({
  status: 200,
  headers: {},
  body: Buffer.from('0123456789'),
  ...given,
});

export const entry = (given: Partial<Page> = {}): Entry => ({
  value: toValue(page(given)),
  tokens: {},
  storedAt: STORED,
  ttl: TTL,
});

/** A page whose own headers decide, and say this. */
export const decidesItself = (given: Partial<Freshness> = {}): Partial<Page> => ({
  freshness: { age: 0, whileRevalidate: 0, ifError: 0, mustRevalidate: false, ...given },
});
