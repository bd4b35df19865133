import type { Caches } from '../../cache/index.ts';
import { LOG_BASE } from '../../http/index.ts';
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
import { ReportedInvalidations } from './reported-invalidations.ts';

/** Five minutes of them. */
const SAMPLES = 300;

const INVALIDATIONS = 50;

/** How often the size of the shared server is read, and how often each client is sent a heartbeat. Seconds. */
const SIZE_SECONDS = 5;
const HEARTBEAT_SECONDS = 15;

export interface LiveFeedOptions {
  readonly caches: Caches;
  readonly streams: EventStreams;
  readonly isDatabaseUp: () => boolean;
  readonly now?: () => number;
}

/**
 * What the dashboard shows: the last five minutes, kept for clients that connect later, and every event, sent to those that are
 * connected.
 * It reads what is counted anyway, once a second, so that no request waits for it.
 */
export class LiveFeed {
  readonly #options: Required<LiveFeedOptions>;
  readonly #startedAt: number;
  readonly #counts: LookupCounts;
  readonly #reported = new ReportedInvalidations();
  readonly #samples = new Recent<Sample>(SAMPLES);
  readonly #invalidations = new Recent<Invalidation>(INVALIDATIONS);
  #state: State;
  #seconds = 0;

  constructor(options: LiveFeedOptions) {
    this.#options = { now: Date.now, ...options };
    const { caches, now } = this.#options;
    this.#startedAt = now();
    this.#counts = new LookupCounts(caches.counters);
    this.#state = { ...this.#seen(), since: this.#startedAt };
    caches.events.on('invalidation', (tags, origin) => this.#keep(this.#reported.add(tags, origin, now())));
    caches.events.on('doubt', () => this.#look());
  }

  hello(): Hello {
    this.#look();
    const { caches } = this.#options;
    return {
      instance: `${LOG_BASE.hostname}:${LOG_BASE.pid}`,
      startedAt: this.#startedAt,
      store: caches.shared?.kind ?? 'memory',
      localTier: caches.pages.hasMemory,
      samples: this.#samples.values,
      invalidations: this.#invalidations.values,
      state: this.#state,
    };
  }

  /** To be called every second. */
  tick(): void {
    const { caches, streams } = this.#options;
    this.#seconds += 1;
    this.#look();
    this.#keep(this.#reported.endSecond());
    const sample = this.#sample();
    this.#samples.add(sample);
    this.#say('sample', sample);
    if (this.#seconds % SIZE_SECONDS === 0) void caches.shared?.ask();
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
    const { caches, isDatabaseUp } = this.#options;
    const upOrDown = (up: boolean) => (up ? 'up' : 'down');
    return {
      postgresql: upOrDown(isDatabaseUp()),
      redis: caches.shared ? upOrDown(caches.shared.up) : 'off',
      bypassed: caches.bypassed,
    };
  }

  #sample(): Sample {
    const { caches, now } = this.#options;
    return {
      at: now(),
      ...this.#counts.take(),
      local: caches.store.memory?.() ?? { entries: 0, bytes: 0 },
      redis: caches.shared?.size ?? null,
    };
  }

  #keep(invalidation: Invalidation | undefined): void {
    if (!invalidation) return;
    this.#invalidations.add(invalidation);
    this.#say('invalidation', invalidation);
  }

  /** Makes the text of an event only if a client is connected. */
  #say<E extends keyof LiveEvents>(event: E, body: LiveEvents[E]): void {
    const { streams } = this.#options;
    if (streams.size > 0) streams.say(frame(event, body));
  }
}
