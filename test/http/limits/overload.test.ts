import { once } from 'node:events';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { json, text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import t, { type Test } from 'tap';
import { overload } from '../../../src/http/overload/overload.ts';
import { Pressure } from '../../../src/http/overload/pressure.ts';
import { RefusedLog } from '../../../src/http/overload/refused-log.ts';
import type { Times } from '../../../src/platform/times.ts';
import { build } from '../../helpers/app.ts';
import { fronted } from '../../helpers/fronted.ts';
import { Gate } from '../../helpers/gate.ts';
import { PATIENT, PATIENT_MS } from '../../helpers/times.ts';

/** A service whose database has as much to do as a test says. */
async function service(t: Test, times: Times = { gateMs: 50, loopDelayMs: PATIENT_MS }) {
  const load = { waiting: 0 };
  const app = fronted({ return503OnClosing: false });
  t.teardown(() => app.close());
  app.decorate('times', times);
  await app.register(overload, { waitingQueries: () => load.waiting });
  for (const path of ['/properties/', '/health/ready', '/health/live', '/metrics', '/dashboard/events'])
    app.get(path, async () => 'answered');
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, load, address };
}

async function ask(address: string, path = '/properties/', method = 'GET'): Promise<IncomingMessage> {
  const asked = get(`${address}${path}`, { agent: false, method });
  const [response]: IncomingMessage[] = await once(asked, 'response');
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
      request_id: response.headers['x-request-id'],
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
  const { app, load, address } = await service(t, PATIENT);
  load.waiting = FULL;
  const waiting = ask(address);
  while (app.overload.waiting === 0) await new Promise(setImmediate);
  load.waiting = FULL - 1;
  t.equal((await waiting).statusCode, 200);
  t.equal((await ask(address)).statusCode, 200);
  t.equal(app.overload.refused, 0);
});

t.test('a client that has gone meanwhile is not waited for', async (t) => {
  const { app, load, address } = await service(t, { ...PATIENT, gateMs: 1_000 });
  load.waiting = FULL;
  const asked = get(`${address}/properties/`).on('error', () => {});
  while (app.overload.waiting === 0) await new Promise(setImmediate);
  const [socket] = await Promise.all([closedSocket(app), asked.destroy()]);
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
  const { app, load, address } = await service(t, PATIENT);
  load.waiting = FULL;
  const waiting = ask(address);
  while (app.overload.waiting === 0) await new Promise(setImmediate);
  const closed = app.close();
  t.equal((await waiting).statusCode, 200);
  await closed;
});

t.test('a late event loop holds requests back until it is on time again', async (t) => {
  const { app, address } = await service(t, {});
  const busy = setInterval(() => {
    const end = performance.now() + 300;
    while (performance.now() < end);
  });
  t.teardown(() => clearInterval(busy));
  while (!app.overload.underPressure) await new Promise((resolve) => setTimeout(resolve, 1));
  t.equal((await ask(address)).statusCode, 503);
  clearInterval(busy);
  while (app.overload.underPressure) await new Promise((resolve) => setTimeout(resolve, 10));
  while ((await ask(address)).statusCode !== 200); // The machine may be busy with something else.
});

t.test('what was before the service listens is no pressure', (t) => {
  const samples = [900, 10, 201, 200].map((delayMs) => ({ delayMs, heapShare: 0.1 }));
  const pressure = new Pressure(200, () => samples.shift() ?? { delayMs: 0, heapShare: 0.91 });
  t.teardown(() => pressure.stop());
  pressure.start();
  const seen = Array.from({ length: samples.length }, () => {
    pressure.sample();
    return pressure.isHigh;
  });
  t.same(seen, [false, true, false]);
  pressure.sample();
  t.ok(pressure.isHigh, 'a heap that is full is');
  t.end();
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

t.test(
  'while the database is stuck a few requests wait for it, and others are refused in time',
  async (t) => {
    const app = await build(t, { LOG_LEVEL: 'silent' }, { ...PATIENT, gateMs: 200 });
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    const lock = new pg.Client({ connectionString: app.config.DATABASE_URL });
    await lock.connect();
    t.teardown(() => lock.end());
    await lock.query('BEGIN; LOCK TABLE properties_property IN ACCESS EXCLUSIVE MODE');

    const asked = Array.from({ length: 60 }, async (_, price) => {
      const response = await ask(address, `/properties/?limit=10&max_price=${price}`);
      return response.statusCode === 200 ? 'answered' : JSON.parse(await text(response)).code;
    });
    while (app.overload.refused <= 20 || app.overload.waiting > 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await lock.query('COMMIT');
    const answers = await Promise.all(asked);
    const refused = answers.filter((answer) => answer === 'PL_OVERLOADED').length;
    t.equal(refused, app.overload.refused);
    t.ok(refused > 20 && refused < 60, `${refused} were refused`);
    const others = new Set(answers.filter((answer) => answer !== 'PL_OVERLOADED'));
    others.delete('PL_DATABASE_UNABLE'); // A machine that is busy with something else: PostgreSQL gave up first.
    t.ok([...others].every((answer) => answer === 'answered'));
  },
);

t.test('a refused request leaves its connection in order, though its body was not read', async (t) => {
  const { load, address } = await service(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  load.waiting = FULL;
  const post = request(`${address}/properties/`, { method: 'POST', agent });
  post.end('x'.repeat(500_000));
  const [refused]: IncomingMessage[] = await once(post, 'response');
  t.equal(refused?.statusCode, 503);
  refused?.resume();
  load.waiting = 0;
  const [next]: IncomingMessage[] = await once(get(`${address}/properties/`, { agent }), 'response');
  t.equal(next?.statusCode, 200);
  next?.resume();
});
