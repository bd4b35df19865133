import type { RedisClientType } from 'redis';
import type { Tag } from '../stores/store.ts';
import type { TokenMirror } from '../stores/token-mirror.ts';
import type { RedisConnection } from './client.ts';
import { Peers } from './peers.ts';

export interface TrackingHandlers {
  /** The tokens of these tags changed elsewhere. */
  changed(tags: readonly Tag[]): void;
  /** Redis does not allow what the mirror needs: it stays empty, and every answer comes from Redis. */
  refused(error: Error): void;
  /** How long a writer waits for its peers, for tests. Milliseconds. */
  readonly peersMs?: number | undefined;
}

/**
 * Keeps a mirror true: from each `ready` on, Redis reports every change that another connection makes to a key that
 * this one read (https://redis.io/docs/latest/develop/reference/client-side-caching/). `NOLOOP`: without reports of
 * this process's own changes, which it knows of, and which could not be distinguished from those of others just after.
 * The mirror is not used before Redis has accepted all of it.
 *
 * @param client the connection's own, opened with `track`
 * @returns the other processes that mirror tokens
 */
export function trackTokens(
  { events, keyspace }: RedisConnection,
  client: RedisClientType,
  mirror: TokenMirror,
  { changed, refused, peersMs }: TrackingHandlers,
): Peers {
  const peers = new Peers(client, { keyspace, mirror, patienceMs: peersMs });
  let agreed = false;
  const forget = () => {
    agreed = false;
    mirror.forgetAll();
  };
  const begin = async () => {
    forget();
    try {
      await Promise.all([client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'NOLOOP']), peers.listen()]);
      agreed = true;
    } catch (error) {
      if (client.isReady && error instanceof Error) refused(error); // Else it was lost again.
    }
  };
  if (client.isReady) void begin();
  events.on('ready', begin);
  events.on('lost', forget);
  events.on('alive', (sentAt) => {
    if (agreed) mirror.proved(sentAt);
  });
  client.on('invalidate', (key: Buffer | string | null) => {
    if (key === null) return mirror.forgetAll(); // FLUSHALL, FLUSHDB
    const tag = keyspace.tagOf(key.toString());
    if (tag === undefined) return;
    mirror.forget([tag]);
    queueMicrotask(() => changed([tag])); // Later: an exception in `changed` must not disturb node-redis while it parses.
  });
  return peers;
}
