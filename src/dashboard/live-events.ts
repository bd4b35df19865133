import type { Cause, Layer } from '../cache/events.ts';
import type { RedisSize } from '../cache/redis-connection.ts';
import type { MemoryFigures, Tier } from '../cache/store.ts';

/** What `GET /dashboard/events` says: its events, each with one value as JSON. Every time is in milliseconds since the epoch. */
export interface LiveEvents {
  /** Always the first: what somebody who comes now has missed. */
  hello: Hello;
  /** Every second. */
  sample: Sample;
  /** As it happens. */
  invalidation: Invalidation;
  /** When it is another one. */
  state: State;
}

export interface Hello {
  /** `<hostname>:<pid>`. */
  readonly instance: string;
  readonly startedAt: number;
  readonly store: 'redis' | 'memory';
  /** Whether this process's memory answers. */
  readonly localTier: boolean;
  /** The last five minutes, oldest first. */
  readonly samples: readonly Sample[];
  /** The last fifty, oldest first. */
  readonly invalidations: readonly Invalidation[];
  readonly state: State;
}

/** The lookups of one second, and how much is kept after it. */
export interface Sample extends Lookups {
  readonly at: number;
  /** This process's memory; nothing where there is no such tier. */
  readonly local: MemoryFigures;
  /** As it said within the last five seconds; null without Redis, or while it does not answer. */
  readonly redis: RedisSize | null;
}

export type Lookups = Readonly<Record<Layer, Readonly<Record<Tier, Outcomes>>>>;

export interface Outcomes {
  readonly hits: number;
  readonly misses: number;
  readonly bypasses: number;
}

/** One invalidation; or many, when there are too many of them in a second. */
export interface Invalidation {
  /** Rising, without gaps, from 1 in each process. */
  readonly id: number;
  readonly at: number;
  readonly tags: readonly string[];
  /** Tags that are not among `tags`. */
  readonly more: number;
  readonly cause: Exclude<Cause, 'echo'>;
  /** What the program calls itself, where another one made the change. */
  readonly by: string | null;
  /** From the change in PostgreSQL to the invalidation, by two clocks; null when this process made it. */
  readonly latencyMs: number | null;
}

export interface State {
  readonly postgresql: 'up' | 'down';
  readonly redis: 'up' | 'down' | 'off';
  /** Whether the whole cache is bypassed. */
  readonly bypassed: boolean;
  /** Of the last change of any of them. */
  readonly since: number;
}

/** An event as it travels: https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON has no line ends of its own. */
export function frame<E extends keyof LiveEvents>(event: E, body: LiveEvents[E]): string {
  return `event: ${event}\ndata: ${JSON.stringify(body)}\n\n`;
}
