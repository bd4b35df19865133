import type { RedisClientType, RedisSentinelType } from 'redis';
import type { ServerSize } from '../stores/shared-server.ts';
import type { RedisClient } from './client.ts';

/** `INFO stats` of each server that holds keys. */
export async function statsOfEach(client: RedisClient): Promise<string[]> {
  return Promise.all((await serversOf(client)).map((server) => server.info('stats')));
}

/** What all servers that hold keys have together. Neither command takes longer when Redis holds more. */
export async function sizeOf(client: RedisClient): Promise<ServerSize> {
  const servers = await serversOf(client);
  const [keys, texts] = await Promise.all([
    Promise.all(servers.map((server) => server.dbSize())),
    Promise.all(servers.map((server) => server.info('memory'))),
  ]);
  const bytes = texts.map((text) => Number(/^used_memory:(\d+)/m.exec(text)?.[1]));
  return { keys: sum(keys), bytes: sum(bytes) };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function serversOf(client: RedisClient): Promise<readonly (RedisClientType | RedisSentinelType)[]> {
  return 'masters' in client ? Promise.all(client.masters.map((node) => client.nodeClient(node))) : [client];
}
