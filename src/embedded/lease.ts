import { Socket } from 'node:net';
import { Client } from 'pg';
import type { Cluster } from './cluster.ts';
import { EMBEDDED_CONNECT, hasCode } from './errors.ts';
import { type Postmaster, readPostmaster, stopPostmaster } from './postmaster.ts';

/*
 * A lease: the right to find the server running. It is a shared advisory lock of one session, in the
 * maintenance database (the application's own may be dropped at any time).
 *
 * - PostgreSQL counts the leases: whoever gets the lock exclusively is alone, and stops the server
 *   while holding it, so that a newcomer waits, is cut off by the shutdown, and starts it anew.
 * - A lease dies with its session: a process killed with -9 leaves none behind.
 * - The lock is given back before it is asked for exclusively. The other way round, two that leave
 *   together would each see the other's lease, and neither would stop the server.
 * - A lease does not keep its process alive. One that PostgreSQL cut off (killed, restarted) is gone
 *   and not renewed: the server is then shared on trust.
 */

export const DATABASE = 'property_listings';
export const LEASE_LOCK = 0x70_6c_64_01;
const CREATE_LOCK = 0x70_6c_64_02;

/** Shutting down, crashed, starting up, or gone between two packets. */
const CUT_OFF = ['57P01', '57P02', '57P03', 'ECONNRESET', 'EPIPE'];

export interface Lease {
  readonly port: number;
  /** Gives the lease back; the last one out stops the server, and waits until it is down. */
  release(): Promise<void>;
}

/** A lease, or why there is none yet: no server runs, or it is starting or stopping. */
export async function askForLease(cluster: Cluster): Promise<Lease | 'down' | 'busy'> {
  const postmaster = await readPostmaster(cluster.path);
  if (postmaster === undefined) return 'down';
  if (postmaster.status !== 'ready') return 'busy';
  try {
    return await takeLease(cluster, postmaster);
  } catch (error) {
    if (hasCode(error, 'ECONNREFUSED')) return 'down';
    if (wasCutOff(error)) return 'busy';
    throw new EMBEDDED_CONNECT(cluster.path, String(error));
  }
}

async function takeLease(cluster: Cluster, { port }: Postmaster): Promise<Lease> {
  const socket = new Socket();
  const client = await connect(cluster, port, socket);
  try {
    await client.query('SELECT pg_advisory_lock_shared($1)', [LEASE_LOCK]);
    await ensureDatabase(client);
  } catch (error) {
    await client.end();
    throw error;
  }
  socket.unref();
  return { port, release: () => release(cluster, client, socket) };
}

async function release(cluster: Cluster, client: Client, socket: Socket): Promise<void> {
  socket.ref();
  await client.query('SELECT pg_advisory_unlock_shared($1)', [LEASE_LOCK]).catch(() => 'it died before');
  await client.end();
  const postmaster = await readPostmaster(cluster.path);
  if (postmaster?.status === 'ready') await stopIfAlone(cluster, postmaster).catch(() => {});
}

/** A server that does not answer is being stopped by whoever was faster: nothing is left to do. */
async function stopIfAlone(cluster: Cluster, postmaster: Postmaster): Promise<void> {
  const client = await connect(cluster, postmaster.port);
  const lock = 'SELECT pg_try_advisory_lock($1) AS alone';
  const { rows } = await client.query<{ alone: boolean }>(lock, [LEASE_LOCK]);
  if (rows[0]?.alone) await stopPostmaster(cluster.path, postmaster);
  await client.end();
}

/** Nothing of the environment (`PGSSLMODE`, …) takes part but what `pg` offers no option for. */
async function connect({ password }: Cluster, port: number, stream = new Socket()): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 5_000,
    application_name: 'property-listings lease',
    stream: () => stream,
  });
  client.on('error', () => {}); // PostgreSQL went away: whoever uses it next hears of it
  await client.connect();
  return client;
}

/** One at a time, since `CREATE DATABASE` has no `IF NOT EXISTS`. */
async function ensureDatabase(client: Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [CREATE_LOCK]);
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  await client.query('SELECT pg_advisory_unlock($1)', [CREATE_LOCK]);
}

/** `pg` gives an error without a code when the connection ends or times out under a query. */
function wasCutOff(error: unknown): boolean {
  return hasCode(error, ...CUT_OFF) || (error instanceof Error && !('code' in error));
}
