import { createCluster, type RedisClusterType } from 'redis';
import type { RedisConnection } from './client.ts';
import { SlotsWithoutNode, supervise } from './group.ts';
import type { Keyspace } from './keyspace.ts';
import { clientOptions, MAX_PAUSE_MS, newClosing, nodeOptions, socketOptions } from './options.ts';
import type { RedisAddress } from './url.ts';

/**
 * Each node is connected with its first command: node-redis waits without end for all nodes that it connects by itself, so
 * that a node that is listed but gone would keep it from ever reading the topology again.
 */
export function openCluster(
  { nodes, tls, login }: Extract<RedisAddress, { kind: 'cluster' }>,
  keyspace: Keyspace,
): RedisConnection {
  const closing = newClosing();
  const socket = Object.assign(socketOptions(closing.signal), { tls });
  const client: RedisClusterType = createCluster({
    rootNodes: nodes.map((node) => ({ socket: { ...node, tls } })),
    defaults: { ...login, ...nodeOptions, socket },
    ...clientOptions,
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: MAX_PAUSE_MS,
  });
  const ask = async () => {
    const slots: readonly unknown[] = client.slots; // Those of which no node is known are undefined.
    if (slots.includes(undefined)) throw new SlotsWithoutNode();
    await Promise.all(client.masters.map(async (node) => (await client.nodeClient(node)).ping()));
  };
  const { connection, lose } = supervise(client, { keyspace, closing, ask });
  // A node that comes back, or that takes over, may lack the last tokens. The first connections to the nodes of a new topology
  // are no loss: nothing was read from them before.
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
    if (connected.delete(nameOf(node))) lose(error); // Once, not at every attempt to connect.
  });
  client.on('error', () => {}); // The topology could not be read from one node: it is read from another one.
  return connection;
}

const nameOf = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
