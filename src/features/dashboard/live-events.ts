import type { Cause, Layer, MemoryUsage, ServerSize, Tier } from '../../cache/index.ts';

/** What `GET /dashboard/events` says: its events, each with one value as JSON. Every time is in milliseconds since the epoch. */
export interface LiveEvents {
  /** Always the first: the recent past, for a client that has just connected. */
  hello: Hello;
  /** Every second. */
  sample: Sample;
  /** As it happens. */
  invalidation: Invalidation;
  /** When it has changed. */
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
  readonly local: MemoryUsage;
  /** At most five seconds old; null without Redis, or while it does not answer. */
  readonly redis: ServerSize | null;
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
  /** What some of `tags` stand for, where the change named it: the locations behind a tag that is a hash. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly cause: Exclude<Cause, 'echo'>;
  /** The program's `application_name`, where another program made the change. */
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
