import type { RedisClientType } from 'redis';
import type { RedisConnection } from './redis-connection.ts';
import { Peers } from './redis-peers.ts';
import { tagOfKey } from './redis-store.ts';
import type { Tag } from './store.ts';
import type { TokenMirror } from './token-mirror.ts';

/**
 * Keeps a mirror true: from each `ready` on, Redis reports every change that another connection makes to a key that
 * this one read (https://redis.io/docs/latest/develop/reference/client-side-caching/). `NOLOOP`: what this process
 * changes itself it need not be told, and a report of it could not be told from another's that came just after.
 *
 * @param client the connection's own, opened with `track`
 * @param changed told of the tags whose tokens changed elsewhere
 * @returns the other processes that do the same
 */
export function trackTokens(
  { events }: RedisConnection,
  client: RedisClientType,
  mirror: TokenMirror,
  changed: (tags: readonly Tag[]) => void,
): Peers {
  const peers = new Peers(client, mirror);
  const begin = () => {
    mirror.forgetAll();
    client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'NOLOOP']).catch(() => {}); // Lost again, and said so.
    peers.listen().catch(() => {}); // The same; at the next `ready` it tries again.
  };
  if (client.isReady) begin();
  events.on('ready', begin);
  events.on('lost', () => mirror.forgetAll());
  events.on('alive', (asked) => mirror.proved(asked));
  client.on('invalidate', (key: Buffer | string | null) => {
    if (key === null) return mirror.forgetAll(); // FLUSHALL, FLUSHDB
    const tag = tagOfKey(key.toString());
    if (tag === undefined) return;
    mirror.forget([tag]);
    changed([tag]);
  });
  return peers;
}
