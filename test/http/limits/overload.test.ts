import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import Fastify, { type FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { overload } from '../../../src/plugins/overload/index.ts';
import { RefusedLog } from '../../../src/plugins/overload/refused-log.ts';
import { Gate } from '../../helpers/gate.ts';

/** A service whose database has as much to do as a test says. */
async function service(t: Test) {
  const load = { waiting: 0 };
  const app = Fastify({ return503OnClosing: false });
  t.teardown(() => app.close());
  await app.register(overload, { waitingQueries: () => load.waiting });
  for (const path of ['/properties/', '/health/ready', '/health/live', '/metrics', '/dashboard/events'])
    app.get(path, async () => 'answered');
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, load, address };
}

async function ask(address: string, path = '/properties/', method = 'GET'): Promise<IncomingMessage> {
  const request = get(`${address}${path}`, { agent: false, method });
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (!response) throw new Error('a response is an event with a message');
  return response;
}

const FULL = 8;

t.test(
  'a request that cannot be begun in time gets 503, to be tried again, and nothing keeps that',
  async (t) => {
    const { app, load, address } = await service(t);
    load.waiting = FULL;
    const response = await ask(address);
    t.equal(response.statusCode, 503);
    t.match(response.headers, {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'retry-after': '1',
      'x-content-type-options': 'nosniff',
    });
    t.strictSame(await json(response), {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: 'There is more to do here than can be done in time. This request was not begun: try again',
      code: 'PL_OVERLOADED',
    });
    const head = await ask(address, '/properties/', 'HEAD');
    t.equal(head.statusCode, 503);
    t.equal(app.overload.refused, 2);
  },
);

t.test('what must be answered most of all is answered all the same', async (t) => {
  const { load, address } = await service(t);
  load.waiting = 10 * FULL;
  for (const path of ['/health/live', '/health/ready?x', '/metrics', '/dashboard/events'])
    t.equal((await ask(address, path)).statusCode, 200, path);
  t.equal((await ask(address, '/healthy')).statusCode, 503);
});

t.test('it serves again at once when there is less to do, also who waits', async (t) => {
  const { app, load, address } = await service(t);
  load.waiting = FULL;
  const waiting = ask(address);
  while (app.overload.waiting === 0) await new Promise(setImmediate);
  load.waiting = FULL - 1;
  t.equal((await waiting).statusCode, 200);
  t.equal((await ask(address)).statusCode, 200);
  t.equal(app.overload.refused, 0);
});

t.test('a client that has gone meanwhile is not waited for', async (t) => {
  const { app, load, address } = await service(t);
  load.waiting = FULL;
  const request = get(`${address}/properties/`).on('error', () => {});
  while (app.overload.waiting === 0) await new Promise(setImmediate);
  const [socket] = await Promise.all([closedSocket(app), request.destroy()]);
  t.ok(socket);
  while (app.overload.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(app.overload.refused, 0);
});

/** Resolves when the server has no connection any more. */
async function closedSocket(app: FastifyInstance): Promise<boolean> {
  const connections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_, count) => resolve(count)));
  while ((await connections()) > 0) await new Promise(setImmediate);
  return true;
}

t.test('what waits when the service closes is answered first', async (t) => {
  const { app, load, address } = await service(t);
  load.waiting = FULL;
  const waiting = ask(address);
  while (app.overload.waiting === 0) await new Promise(setImmediate);
  const closed = app.close();
  t.equal((await waiting).statusCode, 200);
  await closed;
});

t.test('a late event loop holds requests back until it is on time again', async (t) => {
  const { app, address } = await service(t);
  const busy = setInterval(() => {
    const end = performance.now() + 300;
    while (performance.now() < end);
  });
  t.teardown(() => clearInterval(busy));
  while (!app.isUnderPressure()) await new Promise((resolve) => setTimeout(resolve, 1));
  t.equal((await ask(address)).statusCode, 503);
  clearInterval(busy);
  while (app.isUnderPressure()) await new Promise((resolve) => setTimeout(resolve, 10));
  t.equal((await ask(address)).statusCode, 200);
});

t.test(
  'the log says when requests begin to be refused, and how many were when none is any more',
  async (t) => {
    const lines: (readonly [string, unknown])[] = [];
    const alive = setInterval(() => {}, 1_000);
    t.teardown(() => clearInterval(alive));
    const ended = new Gate();
    const log = {
      warn: (line: unknown) => void lines.push(['warn', line]),
      info: (line: unknown) => {
        lines.push(['info', line]);
        void ended.pass();
      },
    };
    const refused = new RefusedLog(log, 20);
    for (const _ of [1, 2, 3]) refused.count();
    await ended.reached;
    t.same(lines, [
      ['warn', 'overloaded: refusing requests that would be answered too late'],
      ['info', { refused: 3 }],
    ]);
    refused.count();
    t.equal(refused.total, 4);
    t.equal(lines.length, 3);
  },
);
