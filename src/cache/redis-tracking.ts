import type { RedisClientType } from 'redis';
import type { RedisConnection } from './redis-connection.ts';
import { Peers } from './redis-peers.ts';
import { tagOfKey } from './redis-store.ts';
import type { Tag } from './store.ts';
import type { TokenMirror } from './token-mirror.ts';

export interface TrackingHandlers {
  /** The tokens of these tags changed elsewhere. */
  changed(tags: readonly Tag[]): void;
  /** Redis does not allow what the mirror needs: it stays empty, and every answer comes from Redis. */
  refused(error: Error): void;
}

/**
 * Keeps a mirror true: from each `ready` on, Redis reports every change that another connection makes to a key that
 * this one read (https://redis.io/docs/latest/develop/reference/client-side-caching/). `NOLOOP`: what this process
 * changes itself it need not be told, and a report of it could not be told from another's that came just after.
 * Nothing counts before Redis has agreed to all of it.
 *
 * @param client the connection's own, opened with `track`
 * @returns the other processes that do the same
 */
export function trackTokens(
  { events }: RedisConnection,
  client: RedisClientType,
  mirror: TokenMirror,
  { changed, refused }: TrackingHandlers,
): Peers {
  const peers = new Peers(client, mirror);
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
  events.on('alive', (asked) => {
    if (agreed) mirror.proved(asked);
  });
  client.on('invalidate', (key: Buffer | string | null) => {
    if (key === null) return mirror.forgetAll(); // FLUSHALL, FLUSHDB
    const tag = tagOfKey(key.toString());
    if (tag === undefined) return;
    mirror.forget([tag]);
    queueMicrotask(() => changed([tag])); // Whoever throws there must not disturb the reading of what else came.
  });
  return peers;
}
