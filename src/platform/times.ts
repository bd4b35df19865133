/**
 * How long the service waits for its dependencies, where that should differ from the default: tests on a busy machine would
 * take Redis for lost, and the service for overloaded. Milliseconds.
 */
export interface Times {
  /** For Redis at the start, before the service goes on without it. */
  readonly redisStartMs?: number;
  /** For an answer of Redis, before the connection counts as lost. */
  readonly redisSilenceMs?: number;
  /** For one answer of the cache's store, while a request waits. */
  readonly storeMs?: number;
  /** For an invalidation, while a write waits. */
  readonly invalidationMs?: number;
  /** For the peers to forget invalidated tokens, while a write waits. */
  readonly peersMs?: number;
  /** How long mirrored tokens are trusted after a heartbeat of Redis. */
  readonly mirrorMs?: number;
  /** For a leader, before a waiter takes over. */
  readonly leaderMs?: number;
  /** For Redis to count a write. */
  readonly countMs?: number;
  /** How long the listener counts as alive after a heartbeat. */
  readonly listenerAliveMs?: number;
  /** For an answer of PostgreSQL, before the listener counts as lost. */
  readonly listenerSilenceMs?: number;
  /** For a dependency, in `/health/ready`. */
  readonly probeMs?: number;
  /** For the event loop, on average, before the service counts as overloaded. */
  readonly loopDelayMs?: number;
  /** For a request to be begun, before it is refused. */
  readonly gateMs?: number;
  /** Between two samples of the dashboard. */
  readonly sampleMs?: number;
}
