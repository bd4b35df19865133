import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import t, { type Test } from 'tap';
import { openPool } from '../../src/database/open-pool.ts';
import { Pool } from '../../src/database/pool.ts';
import { scratchDatabase } from '../../support/database.ts';
import { proxyTo } from '../helpers/proxy.ts';

const CONNECT_MS = 400;

async function fixture(t: Test) {
  const network = await proxyTo(t, await scratchDatabase(t));
  const pool = new Pool({ connectionString: network.url, connectionTimeoutMillis: CONNECT_MS, max: 1 });
  t.teardown(() => pool.ended || pool.end());
  return { network, pool };
}

/** Stands still as a suspended process does: nothing is read, and every timer becomes due. */
function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

t.test('time in which this process stood still does not count', async (t) => {
  const { pool } = await fixture(t);
  const query = pool.query('SELECT 1 AS one'); // Begins to connect.
  standStill(2 * CONNECT_MS);
  t.same((await query).rows, [{ one: 1 }]);
});

t.test('nor while it waited for a connection that is in use', async (t) => {
  const { pool } = await fixture(t);
  const client = await pool.connect();
  const waiting = pool.connect();
  standStill(2 * CONNECT_MS);
  setTimeout(() => client.release(), CONNECT_MS / 4);
  (await waiting).release();
  t.equal(pool.totalCount, 1);
});

t.test('a database that does not answer is waited for once, with a promise or a callback', async (t) => {
  const { pool, network } = await fixture(t);
  network.drop();
  await t.rejects(pool.connect(), { message: /connection timeout/ });
  await t.rejects(pool.query('SELECT 1'), { message: /connection timeout/ });
});

t.test('a connection whose query was refused is kept, one that is lost is not', async (t) => {
  const { pool } = await fixture(t);
  const session = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
  const first = await session();
  await t.rejects(pool.query('SELECT 1 / 0'), { code: '22012' });
  t.equal(await session(), first);
  pool.on('error', () => {}); // The connection ends.
  await t.rejects(pool.query('SELECT pg_terminate_backend(pg_backend_pid())'), { code: '57P01' });
  t.not(await session(), first);
});

t.test('ends with a promise or a callback', async (t) => {
  await fixture(t).then(({ pool }) => pool.end());
  await fixture(t).then(({ pool }) => new Promise<void>((resolve) => pool.end(resolve)));
});

/** A message of PostgreSQL's protocol (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
function message(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + content.length, 1);
  return Buffer.concat([head, content]);
}

const READY = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))]);
const SHUTDOWN = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0'));

t.test('a session that is ended in the packet in which it is ready fails its query only', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {}); // The client ends it.
    socket.once('data', () => socket.end(Buffer.concat([READY, SHUTDOWN])));
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pool = openPool({ url: `postgresql://user@127.0.0.1:${port}/database` });
  t.teardown(() => pool.end());
  pool.on('error', () => {}); // The connection ends.
  await t.rejects(pool.query('SELECT 1'), { message: /terminat|not queryable/i });
  const client = await pool.connect();
  await t.rejects(client.query('SELECT 1'), { message: /terminat|not queryable/i });
  client.release(true);
});
