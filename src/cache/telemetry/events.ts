import { EventEmitter } from 'node:events';
import type { TagNames } from '../../platform/index.ts';
import type { Tag, Tier } from '../stores/store.ts';

export type Layer = 'pages' | 'data';

/**
 * Why something was invalidated: this process wrote (`write`), and was notified of it (`echo`); another instance wrote,
 * or another program; contact was lost and is back (`reconnect`); an invalidation had failed (`retry`).
 */
export type Cause = 'write' | 'echo' | 'instance' | 'program' | 'reconnect' | 'retry';

export interface Origin {
  readonly cause: Cause;
  /** What the program calls itself. */
  readonly by?: string;
  /** When the change was made, by the clock of its source. Milliseconds since the epoch. */
  readonly at?: number;
  /** What some of the tags stand for, where the change named it. */
  readonly names?: TagNames;
}

/** A change that every instance is notified of, and that has a name of its own. */
export interface NotifiedOrigin extends Origin {
  readonly change: string;
}

/**
 * What happens in the cache, as events (a listener must not throw); `counters.ts` counts them. A lookup reads the local tier
 * and then the shared one, and emits an event for each: after `hit` it ends, after `miss` or `bypass` it goes on.
 */
export interface CacheEventMap {
  /** The tier had an entry that could be served. */
  hit: [layer: Layer, tier: Tier];
  /** The tier was read and had no entry that may be served: none, an invalidated one, or an expired one. */
  miss: [layer: Layer, tier: Tier];
  /** The tier could not be read, or is not to be trusted now. */
  bypass: [layer: Layer, tier: Tier];
  /** A lookup waits for the load of another: in this process (`local`), or in another instance (`shared`). */
  wait: [layer: Layer, tier: Tier];
  /** A loaded value was handed to the tier, to be kept as long as there is room. */
  fill: [layer: Layer, tier: Tier];
  /** A loaded value will never be served: one of its tags was invalidated since the load began. */
  fenced: [layer: Layer, tier: Tier];
  /** An old answer was served: an expired one while it is refreshed, or the last known one because a load failed. */
  stale: [layer: Layer, tier: Tier];
  /** This process invalidated tags. */
  invalidation: [tags: readonly Tag[], origin: Origin];
  /** Another process took tokens away, as the shared store reports. What made it do so is notified by itself. */
  taken: [tags: readonly Tag[]];
  /** The tier failed or did not answer in time: the lookup or the fill goes on without it. */
  failure: [layer: Layer, tier: Tier, during: 'read' | 'write' | 'claim', error: unknown];
  /** An invalidation failed: everything will be invalidated until that succeeds. */
  pending: [tags: readonly Tag[], error: unknown];
  /** The store did not answer in time, and gets a command only now and then; or it answered again. */
  breaker: [open: boolean];
  /**
   * Contact was lost or an invalidation failed, and the whole cache is bypassed; or it is used again. `why`: the name of
   * the source that was lost, or the error.
   */
  doubt: [doubtful: boolean, why?: unknown];
}

export type CacheEvents = EventEmitter<CacheEventMap>;

export const newCacheEvents = (): CacheEvents => new EventEmitter<CacheEventMap>();
