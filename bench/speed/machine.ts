import { cpus } from 'node:os';
import { createClient } from 'redis';
import { execute } from '../../support/database.ts';

/** What the figures depend on, as one line. */
export async function machineOf({ database, redis }: { database: string; redis: string }): Promise<string> {
  const cores = cpus();
  const model = cores[0]?.model.trim().replace(/\s+/g, ' ');
  const { rows } = await execute(database, 'SHOW server_version');
  const postgres = `PostgreSQL ${rows[0]?.server_version}`;
  return [
    `${model}, ${cores.length} cores`,
    `Node ${process.version}`,
    postgres,
    await versionOf(redis),
  ].join('; ');
}

async function versionOf(url: string): Promise<string> {
  const client = await createClient({ url }).connect();
  try {
    return `Redis ${/^redis_version:(\S+)/m.exec(await client.info('server'))?.[1]}`;
  } finally {
    client.destroy();
  }
}
