import type { RedisConnection, RedisOptions } from './client.ts';
import { openCluster } from './cluster.ts';
import { Keyspace } from './keyspace.ts';
import { openSentinel } from './sentinel.ts';
import { openServer } from './server.ts';
import { parseRedisUrl } from './url.ts';

/**
 * Opens what the URL names. It reconnects by itself for ever.
 *
 * @throws an Error of one line for a URL or a namespace that cannot be used
 */
export function openRedis(
  url: string,
  { namespace, track = false, silenceMs }: RedisOptions = {},
): RedisConnection {
  const address = parseRedisUrl(url);
  const keyspace = new Keyspace(namespace);
  if (address.kind === 'cluster') return openCluster(address, keyspace);
  if (address.kind === 'sentinel') return openSentinel(address, keyspace);
  return openServer(address, { keyspace, track, silenceMs });
}
