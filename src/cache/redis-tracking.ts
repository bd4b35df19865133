import type { RedisConnection } from './redis-connection.ts';
import { tagOfKey } from './redis-store.ts';
import type { Tag } from './store.ts';
import type { TokenMirror } from './token-mirror.ts';

/**
 * Keeps a mirror true: from each `ready` on, Redis reports every change that another connection makes to a key that
 * this one read (https://redis.io/docs/latest/develop/reference/client-side-caching/). `NOLOOP`: what this process
 * changes itself it need not be told, and a report of it could not be told from another's that came just after.
 *
 * @param changed told of the tags whose tokens changed elsewhere
 */
export function trackTokens(
  { tracking: client, events }: RedisConnection,
  mirror: TokenMirror,
  changed: (tags: readonly Tag[]) => void,
): void {
  if (!client) return;
  const begin = () => {
    mirror.forgetAll();
    client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'NOLOOP']).catch(() => {}); // Lost again, and said so.
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
}
