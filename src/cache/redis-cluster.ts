import { createCluster, type RedisClusterType } from 'redis';
import type { RedisConnection } from './redis-connection.ts';
import { SlotsWithoutNode, supervise } from './redis-group.ts';
import { commandOptions, MAX_PAUSE_MS, newClosing, socketOptions } from './redis-options.ts';
import type { RedisAddress } from './redis-url.ts';

/**
 * The nodes are connected when they are first asked: node-redis waits without end for all of those that it
 * connects by itself, so that one node that is listed but gone would stop it from ever looking again.
 */
export function openCluster({
  nodes,
  tls,
  login,
}: Extract<RedisAddress, { kind: 'cluster' }>): RedisConnection {
  const closing = newClosing();
  const socket = Object.assign(socketOptions(closing.signal), { tls });
  const client: RedisClusterType = createCluster({
    rootNodes: nodes.map((node) => ({ socket: { ...node, tls } })),
    defaults: { ...login, disableOfflineQueue: true, socket },
    commandOptions,
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: MAX_PAUSE_MS,
  });
  const ask = async () => {
    if (client.slots.includes(undefined as never)) throw new SlotsWithoutNode();
    await Promise.all(client.masters.map(async (node) => (await client.nodeClient(node)).ping()));
  };
  const { connection, lose } = supervise(client, closing, ask);
  // A node that comes back, or that takes over, may lack the last tokens. The first connections to the nodes that a
  // look has found are no loss: nothing was read from them since it began.
  let expected = new Set<string>();
  const connected = new Set<string>();
  client.on('connect', () => {
    expected = new Set(client.masters.map(({ address }) => address));
    connected.clear();
  });
  client.on('node-ready', (node) => {
    connected.add(nameOf(node));
    if (!expected.delete(nameOf(node))) lose(new Error(`${nameOf(node)} was connected`));
  });
  client.on('node-error', (error, node) => {
    if (connected.delete(nameOf(node))) lose(error); // And not again at every attempt to connect.
  });
  client.on('error', () => {}); // One node could not be asked for the others: another one is.
  return connection;
}

const nameOf = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
