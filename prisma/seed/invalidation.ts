import { openRedis } from '../../src/cache/redis/connection.ts';
import { RedisStore } from '../../src/cache/redis/redis-store.ts';
import { withDeadline } from '../../src/platform/deadline.ts';
import { tlsAdvice } from '../../src/platform/tls-advice.ts';

/** What connecting to Redis, and then one invalidation, may take. Milliseconds. */
const REDIS_MS = 1_000;

export interface Invalidation {
  /** Never rejects: by then the listings are committed. */
  invalidate(tags: readonly string[]): Promise<void>;
  close(): void;
}

/**
 * Tells the servers that share a Redis what the seed has changed. Without a Redis each of them caches in its
 * own memory, which no other process can reach, and hears of the change from the table's trigger; so it does when
 * Redis is down, which is why that is worth one line of warning and no more.
 */
export async function openInvalidation(
  { url, namespace }: { readonly url: string | undefined; readonly namespace?: string },
  warn: (line: string) => void,
): Promise<Invalidation> {
  if (!url) return { invalidate: async () => {}, close() {} };
  const connection = open(url, namespace);
  const { client, keyspace } = connection;
  const store = new RedisStore(client, { keyspace });
  const place = /^[^:]+:\/\/(?:[^@/]*@)?([^/?]+)/.exec(url)?.[1];
  let warned = false;
  const warnOnce = (error: unknown) => {
    if (!warned) warn(`Redis at ${place} does not answer (${reason(error)}): going on without it`);
    warned = true;
  };
  connection.events.on('lost', warnOnce);
  await withDeadline(connection.connect(), REDIS_MS).catch(warnOnce);
  return {
    invalidate: (tags) => withDeadline(store.invalidate(tags), REDIS_MS).catch(warnOnce),
    close: () => connection.close(),
  };
}

function open(url: string, namespace: string | undefined) {
  try {
    return openRedis(url, { namespace });
  } catch {
    throw new Error('REDIS_URL is no Redis URL: write redis://host:6379');
  }
}

/** An AggregateError (every address of a name refused) has no message of its own. */
function reason(error: unknown): string {
  const { message, code } = Object(error);
  return [String(message || code), tlsAdvice(error) ?? []].flat().join(': ');
}
