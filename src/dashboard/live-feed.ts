import type { Caches } from '../cache/index.ts';
import type { RedisWatch } from '../cache/redis-watch.ts';
import { LOG_BASE } from '../request-log.ts';
import type { EventStreams } from './event-streams.ts';
import {
  frame,
  type Hello,
  type Invalidation,
  type LiveEvents,
  type Sample,
  type State,
} from './live-events.ts';
import { LookupCounts } from './lookup-counts.ts';
import { Recent } from './recent.ts';
import { ToldInvalidations } from './told-invalidations.ts';

/** Five minutes of them. */
const SAMPLES = 300;

const INVALIDATIONS = 50;

/** How often Redis is asked how much it holds, and a client told that the connection is there. Seconds. */
const REDIS_SECONDS = 5;
const HEARTBEAT_SECONDS = 15;

export interface LiveFeedOptions {
  readonly caches: Caches;
  readonly streams: EventStreams;
  /** Without one there is no Redis. */
  readonly redis?: RedisWatch | undefined;
  readonly isDatabaseUp: () => boolean;
  readonly now?: () => number;
}

/**
 * What there is to see: the last five minutes, kept for whoever comes next, and everything new, said to whoever is there.
 * It reads what is counted anyway, once a second, so that nothing that is asked of the service waits for it.
 */
export class LiveFeed {
  readonly #options: Required<LiveFeedOptions>;
  readonly #startedAt: number;
  readonly #counts: LookupCounts;
  readonly #told = new ToldInvalidations();
  readonly #samples = new Recent<Sample>(SAMPLES);
  readonly #invalidations = new Recent<Invalidation>(INVALIDATIONS);
  #state: State;
  #seconds = 0;

  constructor(options: LiveFeedOptions) {
    this.#options = { redis: undefined, now: Date.now, ...options };
    const { caches, now } = this.#options;
    this.#startedAt = now();
    this.#counts = new LookupCounts(caches.counters);
    this.#state = { ...this.#seen(), since: this.#startedAt };
    caches.events.on('invalidation', (tags, origin) => this.#keep(this.#told.heard(tags, origin, now())));
    caches.events.on('doubt', () => this.#look());
  }

  hello(): Hello {
    this.#look();
    const { caches } = this.#options;
    return {
      instance: `${LOG_BASE.hostname}:${LOG_BASE.pid}`,
      startedAt: this.#startedAt,
      store: this.#options.redis ? 'redis' : 'memory',
      localTier: caches.pages.hasMemory,
      samples: this.#samples.values,
      invalidations: this.#invalidations.values,
      state: this.#state,
    };
  }

  /** To be called every second. */
  tick(): void {
    const { redis, streams } = this.#options;
    this.#seconds += 1;
    this.#look();
    this.#keep(this.#told.endSecond());
    const sample = this.#sample();
    this.#samples.add(sample);
    this.#say('sample', sample);
    if (this.#seconds % REDIS_SECONDS === 0) void redis?.ask();
    if (this.#seconds % HEARTBEAT_SECONDS === 0) streams.beat();
  }

  /** A loss makes the cache doubt itself and is seen at once, anything else within a second. */
  #look(): void {
    const seen = this.#seen();
    const { postgresql, redis, bypassed } = this.#state;
    if (seen.postgresql === postgresql && seen.redis === redis && seen.bypassed === bypassed) return;
    this.#state = { ...seen, since: this.#options.now() };
    this.#say('state', this.#state);
  }

  #seen(): Omit<State, 'since'> {
    const { caches, isDatabaseUp, redis } = this.#options;
    const upOrDown = (up: boolean) => (up ? 'up' : 'down');
    return {
      postgresql: upOrDown(isDatabaseUp()),
      redis: redis ? upOrDown(redis.up) : 'off',
      bypassed: caches.bypassed,
    };
  }

  #sample(): Sample {
    const { caches, redis, now } = this.#options;
    return {
      at: now(),
      ...this.#counts.take(),
      local: caches.store.memory?.() ?? { entries: 0, bytes: 0 },
      redis: redis?.size ?? null,
    };
  }

  #keep(invalidation: Invalidation | undefined): void {
    if (!invalidation) return;
    this.#invalidations.add(invalidation);
    this.#say('invalidation', invalidation);
  }

  /** Made into text for somebody only. */
  #say<E extends keyof LiveEvents>(event: E, body: LiveEvents[E]): void {
    const { streams } = this.#options;
    if (streams.size > 0) streams.say(frame(event, body));
  }
}
