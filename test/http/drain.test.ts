import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { drain } from '../../src/http/drain.ts';
import { build } from '../helpers/app.ts';
import { fronted } from '../helpers/fronted.ts';
import { Gate } from '../helpers/gate.ts';

t.test('a request that was under way is answered, and its connection does not hold the end', async (t) => {
  const app = fronted();
  await app.register(drain);
  const gate = new Gate();
  app.get('/', async () => 'at once');
  app.get('/slow', async () => {
    await gate.pass();
    return 'answered';
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const ask = async (path: string) => {
    const [response]: IncomingMessage[] = await once(get(`${address}${path}`, { agent }), 'response');
    if (!response) throw new Error('a response is an event with a message');
    return { connection: response.headers.connection, body: await text(response) };
  };
  t.match(await ask('/'), { connection: 'keep-alive', body: 'at once' });
  const slow = ask('/slow');
  await gate.reached;
  const closed = app.close();
  await new Promise(setImmediate);
  gate.open();
  t.same(await slow, { connection: 'close', body: 'answered' });
  await closed; // Fastify keeps an idle connection for 72 seconds; tap gives a test 30.
});

/** A connection to the application, which listens from then on. */
async function connection(t: Test, app: FastifyInstance) {
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connect(Number(port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  const ask = (...paths: string[]) =>
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  const answer = async () => String((await once(socket, 'data'))[0]);
  return { socket, ask, answer };
}

t.test(
  'of requests that were sent without waiting, all are answered, and the last one says so',
  async (t) => {
    const app = fronted();
    await app.register(drain);
    const gate = new Gate();
    let came = 0;
    app.get('/', async () => {
      came += 1;
      await gate.pass();
      return 'x'.repeat(1_000_000); // More than a socket holds: the others wait for the client.
    });
    const { socket, ask } = await connection(t, app);
    const answers = text(socket.pause());
    ask(...Array(8).fill('/'));
    while (came < 8) await new Promise(setImmediate);
    const closed = app.close();
    await new Promise(setImmediate);
    gate.open();
    const said = await answers;
    t.equal(said.match(/HTTP\/1\.1 200/g)?.length, 8);
    t.equal(said.match(/connection: close/gi)?.length, 1);
    t.equal(said.length > 8_000_000, true);
    await closed;
  },
);

t.test('a hit that is answered before the router ends its connection too', async (t) => {
  const app = await build(t);
  const { socket, ask, answer } = await connection(t, app);
  for (const _ of ['loaded', 'found', 'known']) {
    ask('/properties/count/');
    t.match(await answer(), /^connection: keep-alive/im);
  }
  app.drain.begin();
  app.drain.begin();
  ask('/properties/count/');
  t.match(await answer(), /^connection: close/im);
  await once(socket, 'close');
});

t.test('what was asked in one packet is all answered, and the last of it ends the connection', async (t) => {
  const app = fronted();
  await app.register(drain);
  t.teardown(() => app.close());
  const gate = new Gate();
  app.get('/slow', async () => {
    await gate.pass();
    return 'slow';
  });
  app.get('/', async () => 'fast');
  const { socket, ask } = await connection(t, app);
  app.drain.begin();
  ask('/slow', '/', '/');
  await gate.reached;
  gate.open();
  const answers = (await text(socket)).match(/^(connection: [\w-]+|slow|fast)/gim);
  t.same(
    answers?.map((line) => line.replace(/HTTP.*/, '').toLowerCase()),
    ['connection: keep-alive', 'slow', 'connection: keep-alive', 'fast', 'connection: close', 'fast'],
  );
});

t.test(
  'a slow reader gets all of an answer that was handed over, while idle connections are closed',
  async (t) => {
    const app = fronted();
    await app.register(drain);
    const body = 'x'.repeat(16 * 1024 * 1024);
    app.get('/', async () => body);
    const { socket, ask, answer } = await connection(t, app);
    ask('/');
    await answer();
    socket.pause();
    const closed = app.close();
    await new Promise(setImmediate);
    const rest = await text(socket);
    t.ok(rest.length > 0.9 * body.length);
    t.match(rest, /x{1000}$/);
    await closed;
  },
);
