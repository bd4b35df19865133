import { EventEmitter } from 'node:events';
import type { Tag } from './store.ts';

export type Layer = 'pages' | 'data';

/**
 * What a lookup came to, each defined in words:
 * - `hit`: answered from an entry, without a load of one's own.
 * - `miss`: there was no entry that may be served; the caller loads.
 * - `bypass`: the cache could not be asked, or is not to be trusted now; the caller loads and stores nothing.
 */
export type Outcome = 'hit' | 'miss' | 'bypass';

export interface CacheEventMap {
  lookup: [layer: Layer, outcome: Outcome];
  /** An entry was handed to the store. */
  fill: [layer: Layer];
  /** The last known answer was served because a load failed. */
  stale: [layer: Layer];
  /** Tags got new tokens. */
  invalidation: [tags: readonly Tag[]];
  /** The store failed; `during` names the operation. */
  failure: [during: 'read' | 'write' | 'claim' | 'invalidation', error: unknown];
}

export type CacheEvents = EventEmitter<CacheEventMap>;

export const newCacheEvents = (): CacheEvents => new EventEmitter<CacheEventMap>();
