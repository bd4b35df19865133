import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { buildApp } from '../../../src/app.ts';
import {
  CONNECTION_LIMITS,
  type ConnectionLimits,
  endStalled,
  serverOptions,
} from '../../../src/http/connection-limits.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { authorization, empty, WRITE_KEY } from '../../helpers/app.ts';
import { PATIENT } from '../../helpers/times.ts';

/** So short that the test does not have to wait. */
const SHORT = { headMs: 150, requestMs: 300, stalledMs: 700, idleMs: 200, checkMs: 20 };

const DATABASE_URL = await scratchDatabase(t);

async function serve(t: Test, limits: Partial<ConnectionLimits>): Promise<FastifyInstance> {
  const env = { DATABASE_URL, API_KEYS: WRITE_KEY, LOG_LEVEL: 'silent' };
  const app = await buildApp({ env, dataDirectory: 'unused', limits, times: PATIENT });
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return app;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** A client, and the server's side of its connection. */
async function open(t: Test, server: Server): Promise<{ client: Socket; socket: Socket }> {
  const connected = once(server, 'connection');
  const client = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => {}); // To be cut off may be seen as one.
  t.teardown(() => client.destroy());
  const [socket]: Socket[] = await connected;
  if (!socket) throw new Error('a connection is an event with a socket');
  return { client, socket };
}

/** What comes until the server has said all; the client's own side stays open. */
async function readToEnd(client: Socket): Promise<string> {
  let read = '';
  client.setEncoding('utf8').on('data', (chunk: string) => {
    read += chunk;
  });
  await once(client, 'end');
  return read;
}

const POST = `POST /properties/ HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;

t.test(
  'a client that is too slow with a request gets 408, and is closed though it keeps its side open',
  async (t) => {
    const { server } = await serve(t, SHORT);
    for (const [name, first] of [
      ['says nothing', ''],
      ['dribbles the head', 'GET /properties/ HTTP/1.1\r\nHost: x\r\n'],
      ['dribbles the body', POST],
    ] as const) {
      const { client, socket } = await open(t, server);
      const closed = once(socket, 'close');
      client.write(first);
      const dribble = setInterval(() => client.writable && client.write('x'), 50);
      t.teardown(() => clearInterval(dribble));
      if (name === 'says nothing') clearInterval(dribble);
      const answer = await readToEnd(client);
      t.match(
        answer,
        /^HTTP\/1\.1 408 Request Timeout\r\nX-Request-Id: \S+\r\nContent-Type: application\/problem\+json\r\n/,
        name,
      );
      t.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), {
        status: 408,
        code: 'ERR_HTTP_REQUEST_TIMEOUT',
      });
      await closed;
      clearInterval(dribble);
    }
  },
);

t.test('a connection without a request is closed when its time is over', async (t) => {
  const { server } = await serve(t, { idleMs: SHORT.idleMs, checkMs: SHORT.checkMs });
  const { client, socket } = await open(t, server);
  client.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'close');
  t.match(await text(client), /^HTTP\/1\.1 200 OK/);
});

t.test('proxies are told to end connections before the server does', async (t) => {
  const { server } = await serve(t, {});
  t.equal(server.keepAliveTimeout, CONNECTION_LIMITS.idleMs);
  t.ok(CONNECTION_LIMITS.idleMs > 60_000, 'longer than nginx and load balancers keep them');
  t.equal(server.headersTimeout, CONNECTION_LIMITS.headMs);
  t.equal(server.requestTimeout, CONNECTION_LIMITS.requestMs);
  t.equal(server.maxRequestsPerSocket, 0);
  for (const _ of ['a miss', 'a hit']) {
    const { client, socket } = await open(t, server);
    client.write('GET /properties/ HTTP/1.1\r\nHost: x\r\n\r\n');
    t.match(String((await once(client, 'data'))[0]), /\r\nKeep-Alive: timeout=65\r\n/);
    socket.destroy();
  }
});

t.test('a client that does not read its answer', async (t) => {
  const app = await serve(t, { stalledMs: SHORT.stalledMs });
  await empty(app);
  await execute(
    DATABASE_URL,
    `INSERT INTO properties_property (title, description, price, location)
     SELECT 'Flat', repeat('x', 1000000), n, 'Accra' FROM generate_series(1, 20) AS n`,
  );
  while (!String((await app.inject('/properties/')).headers['cache-status']).includes('hit')) await delay(20);
  const LIST = 'GET /properties/ HTTP/1.1\r\nHost: x\r\n\r\n';

  t.test('is cut off when it has read nothing for too long', async (t) => {
    const { client, socket } = await open(t, app.server);
    client.write(LIST);
    await once(socket, 'close');
    t.ok(client.bytesRead < 20_000_000, `${client.bytesRead} bytes had been taken`);
  });

  t.test('and has asked for thousands more, is read from no further, and cut off', async (t) => {
    const { client, socket } = await open(t, app.server);
    let begun = 0;
    const count = () => {
      begun += 1;
    };
    app.server.on('request', count);
    client.write(LIST.repeat(100_000));
    await once(socket, 'close');
    app.server.off('request', count);
    t.ok(begun > 0 && begun < 5_000, `${begun} requests were begun`);
  });

  t.test('is left alone for as long as it reads some of it', async (t) => {
    const { client, socket } = await open(t, app.server);
    client.write(LIST);
    const began = performance.now();
    let length = 0;
    for await (const chunk of client) {
      length += chunk.length;
      if (performance.now() - began < 1.5 * SHORT.stalledMs) await delay(20);
      if (length > 20_000_000) break;
    }
    t.ok(performance.now() - began > SHORT.stalledMs);
    socket.destroy();
  });
});

t.test('a stream that has nothing to say is left alone', async (t) => {
  const limits = { ...CONNECTION_LIMITS, stalledMs: 50 };
  const server = createServer(serverOptions(limits), (_, response) => {
    response.write('first ');
    server.once('said', () => response.end('last'));
  });
  endStalled(server, limits);
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { client } = await open(t, server);
  client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  for (const _ of [1, 2, 3]) await once(server, 'timeout');
  server.emit('said');
  t.match(await text(client), /first [\s\S]*last/);
});
