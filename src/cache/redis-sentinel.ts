import { createSentinel, type RedisSentinelType } from 'redis';
import type { RedisConnection } from './redis-connection.ts';
import { supervise } from './redis-group.ts';
import { commandOptions, newClosing, PING_MS, socketOptions } from './redis-options.ts';
import type { RedisAddress } from './redis-url.ts';

/** No key: to delete it is a write that changes nothing. */
const PROBE = 'property-listings:probe';

/** What node-redis calls the errors of the one connection that matters here: it has no event for them. */
const MASTER_ERROR = 'Master Client';

/**
 * Commands have a connection of their own (`reserveClient`): those that share node-redis's pool wait for each
 * other. They fail at once while the master is lost, rather than after sixteen looks at who it is now. There is no
 * `scanInterval`: every command waits while node-redis looks, so that one Sentinel that does not answer would stop
 * them all again and again. A new master is found when a Sentinel tells of it or when the connection is lost, which
 * a Sentinel sees to when it makes a master a replica.
 */
export function openSentinel({
  nodes,
  tls,
  login,
  group,
  database,
}: Extract<RedisAddress, { kind: 'sentinel' }>): RedisConnection {
  const closing = newClosing();
  const socket = Object.assign(socketOptions(closing.signal), { tls });
  const client: RedisSentinelType = createSentinel({
    name: group,
    sentinelRootNodes: [...nodes],
    sentinelClientOptions: { pingInterval: PING_MS, socket }, // Asked, or its silence would end it.
    nodeClientOptions: { ...login, database, disableOfflineQueue: true, socket },
    commandOptions,
    passthroughClientErrorEvents: true,
    reserveClient: true,
    maxCommandRediscovers: 0,
  });
  const ask = () => client.del(PROBE); // A master that has become a replica would answer a PING.
  const { connection, lose } = supervise(client, closing, ask);
  client.on('error', (error) => {
    if (String(Object(error).message).startsWith(MASTER_ERROR)) lose(error); // A Sentinel's is none.
  });
  // A new master may lack the last tokens of the old one. The first that a look finds is none.
  let expected = false;
  client.on('connect', () => {
    expected = true;
  });
  client.on('topology-change', ({ type }) => {
    if (type !== 'MASTER_CHANGE') return;
    if (!expected) lose(new Error('Sentinel names another master'));
    expected = false;
  });
  return connection;
}
