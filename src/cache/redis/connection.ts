import type { RedisConnection, RedisOptions } from './client.ts';
import { openCluster } from './cluster.ts';
import { openSentinel } from './sentinel.ts';
import { openServer } from './server.ts';
import { parseRedisUrl } from './url.ts';

/**
 * Opens what the URL names. It reconnects by itself for ever.
 *
 * @throws an Error of one line for a URL that cannot be used
 */
export function openRedis(url: string, { track = false, silenceMs }: RedisOptions = {}): RedisConnection {
  const address = parseRedisUrl(url);
  if (address.kind === 'cluster') return openCluster(address);
  if (address.kind === 'sentinel') return openSentinel(address);
  return openServer(address, { track, silenceMs });
}
