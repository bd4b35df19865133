import { createSentinel, type RedisSentinelType } from 'redis';
import { messageOf } from '../../platform/index.ts';
import type { RedisConnection } from './client.ts';
import { supervise } from './group.ts';
import type { Keyspace } from './keyspace.ts';
import { clientOptions, newClosing, nodeOptions, PING_MS, socketOptions } from './options.ts';
import type { RedisAddress } from './url.ts';

/** How messages of node-redis begin that are about the connection to the master: it has no event for them. */
const MASTER_ERROR = 'Master Client';

/**
 * Commands have a connection of their own (`reserveClient`): those that share node-redis's pool wait for each
 * other. They fail at once while the master is lost, rather than after node-redis has asked sixteen times for the master. There is no
 * `scanInterval`: every command waits while node-redis looks, so that one Sentinel that does not answer would stop
 * them all again and again. A new master is found when a Sentinel tells of it or when the connection is lost, which
 * a Sentinel sees to when it makes a master a replica.
 */
export function openSentinel(
  { nodes, tls, login, group, database }: Extract<RedisAddress, { kind: 'sentinel' }>,
  keyspace: Keyspace,
): RedisConnection {
  const closing = newClosing();
  const socket = Object.assign(socketOptions(closing.signal), { tls });
  const client: RedisSentinelType = createSentinel({
    name: group,
    sentinelRootNodes: [...nodes],
    sentinelClientOptions: { pingInterval: PING_MS, socket }, // Pinged, because a socket that is silent is ended.
    nodeClientOptions: { ...login, database, ...nodeOptions, socket },
    ...clientOptions,
    passthroughClientErrorEvents: true,
    reserveClient: true,
    maxCommandRediscovers: 0,
  });
  const ask = () => client.del(keyspace.probe); // A master that has become a replica would answer a PING.
  const { connection, lose } = supervise(client, { keyspace, closing, ask });
  client.on('error', (error) => {
    if (messageOf(error).startsWith(MASTER_ERROR)) lose(error); // A Sentinel's is none.
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
