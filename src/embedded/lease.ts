import { Socket } from 'node:net';
import type { Client } from 'pg';
import { Session, startupOf } from '../database/index.ts';
import { EmbeddedConnect } from '../errors.ts';
import type { Cluster } from './cluster.ts';
import { hasCode, tolerate } from './errors.ts';
import { type Postmaster, readPostmaster, stopPostmaster } from './postmaster.ts';

/*
 * A lease keeps the server running. It is a shared advisory lock of one session, in the maintenance database, because the
 * application's own database may be dropped at any time.
 *
 * - PostgreSQL counts the leases: the process that gets the lock exclusively is alone, and stops the server while holding
 *   it, so that a new process finds it busy until it is down, and starts it anew.
 * - A lease dies with its session: a process killed with -9 leaves none behind.
 * - The shared lock is released before the exclusive one is tried. In the other order, two processes that leave together would
 *   each see the other's lease, and neither would stop the server.
 * - A lease does not keep its process alive. One whose session PostgreSQL ended (killed, restarted) is not renewed: the server
 *   may then be stopped while this process uses it.
 */

export const DATABASE = 'property_listings';
export const LEASE_LOCK = 0x70_6c_64_01;

/** Codes of a server that is shutting down, crashed, starting up or gone, and of a template database in use. */
const CUT_OFF = ['57P01', '57P02', '57P03', 'ECONNRESET', 'EPIPE', '55006'];

/** PostgreSQL's codes when another session has just created the database. */
const CREATED = ['42P04', '23505'];

export interface Lease {
  readonly port: number;
  /** Gives the lease back; the last process to do so stops the server, and waits until it is down. */
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
    throw new EmbeddedConnect(cluster.path, String(error));
  }
}

async function takeLease(cluster: Cluster, { port }: Postmaster): Promise<Lease | 'busy'> {
  const socket = new Socket();
  const client = await connect(cluster, port, socket);
  let isOurs = false;
  try {
    if (!(await tryLock(client, 'pg_try_advisory_lock_shared'))) return 'busy'; // It is being stopped.
    await ensureDatabase(client);
    isOurs = true;
  } finally {
    if (!isOurs) await client.end();
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

/** A server that does not answer is being stopped by another process: nothing is left to do. */
async function stopIfAlone(cluster: Cluster, postmaster: Postmaster): Promise<void> {
  const client = await connect(cluster, postmaster.port);
  if (await tryLock(client, 'pg_try_advisory_lock')) await stopPostmaster(cluster.path, postmaster);
  await client.end();
}

async function tryLock(client: Client, lock: string): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>(`SELECT ${lock}($1) AS done`, [LEASE_LOCK]);
  return rows[0]?.done === true;
}

/** Independent of the environment (`PGSSLMODE`, …). */
async function connect({ password }: Cluster, port: number, stream = new Socket()): Promise<Client> {
  const client = new Session({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
    sslnegotiation: 'postgres',
    connectionTimeoutMillis: 5_000,
    startup: startupOf({ name: 'property-listings lease' }),
    stream: () => stream,
  });
  await client.connect();
  return client;
}

async function ensureDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`).catch(tolerate(...CREATED));
}

/** `pg` gives an error without a code when the connection ends or times out under a query. */
function wasCutOff(error: unknown): boolean {
  return hasCode(error, ...CUT_OFF) || (error instanceof Error && !('code' in error));
}
