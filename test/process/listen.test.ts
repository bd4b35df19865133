import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { loadConfig } from '../../src/config.ts';
import { drain } from '../../src/http/drain.ts';
import { listen } from '../../src/process/listen.ts';
import { stopAccepting } from '../../src/process/stop-accepting.ts';
import { fronted } from '../helpers/fronted.ts';

/** The loopback addresses of this machine: a second one is there where IPv6 is on, and on Linux anyway. */
const isIPv6On = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
const ADDRESSES = ['127.0.0.1', isIPv6On ? '::1' : '127.0.0.2'];
const ABSENT = '192.0.2.1'; // RFC 5737: no machine's.

async function application(t: Test, env: Record<string, string> = {}) {
  const app = fronted();
  t.teardown(() => app.close());
  app.decorate('config', loadConfig({ HOST: 'localhost', PORT: '0', ...env }));
  await app.register(drain);
  app.post('/', async ({ body }) => body);
  return { app };
}

const resolvingTo =
  (...addresses: string[]) =>
  async () =>
    addresses.map((address) => ({ address }));

const portOf = (server: { address(): AddressInfo | string | null }) => Number(Object(server.address()).port);

t.test(
  'at localhost every address of it answers, and what began on any is finished at the end',
  async (t) => {
    const { app } = await application(t);
    await listen(app, resolvingTo(...ADDRESSES, '127.0.0.1', ABSENT));
    const port = portOf(app.server);
    let came = 0;
    app.server.on('request', () => {
      came += 1;
    });
    const uploads = ADDRESSES.map((address) => {
      const socket = connect(port, address);
      socket.write(
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n"up',
      );
      return { socket, answer: text(socket) };
    });
    const idle = ADDRESSES.map((address) => connect(port, address));
    for (const socket of idle) {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(socket, 'data');
    }
    const ended = Promise.all(idle.map((socket) => once(socket.resume(), 'close')));
    while (came < uploads.length + idle.length) await new Promise(setImmediate);

    app.drain.begin();
    await stopAccepting(app.front.server);
    for (const address of ADDRESSES)
      await t.rejects(once(connect(port, address), 'connect'), { code: 'ECONNREFUSED' });
    let closed = false;
    const closing = app.close().then(() => {
      closed = true;
    });
    await ended;
    for (const { socket, answer } of uploads) {
      t.notOk(closed, 'it waits for what has begun on each');
      socket.write('ld"');
      t.match(await answer, /^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*/i);
    }
    await closing;
  },
);

t.test('a stage sees the requests of every address', async (t) => {
  const { app } = await application(t);
  const seen: string[] = [];
  app.front.use('loadGate', ({ socket }, response) => {
    seen.push(String(socket.localAddress));
    response.writeHead(503, { connection: 'close' }).end();
  });
  await listen(app, resolvingTo(...ADDRESSES));
  for (const address of ADDRESSES) {
    const socket = connect(portOf(app.server), address);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    t.match(await text(socket), /^HTTP\/1\.1 503/);
  }
  t.same(seen, ADDRESSES);
});

t.test('an address of the name that the machine does not have is passed over, also the first', async (t) => {
  const { app } = await application(t);
  t.match(await listen(app, resolvingTo(ABSENT, '127.0.0.1')), /^http:\/\/127\.0\.0\.1:\d+$/);
});

t.test('an address that is taken is an error, as is a name that has none that is there', async (t) => {
  const taken = createServer().listen(0, ADDRESSES[1]);
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const port = portOf(taken);
  const { app } = await application(t, { PORT: String(port) });
  await t.rejects(listen(app, resolvingTo(...ADDRESSES)), {
    code: 'PL_CANNOT_LISTEN',
    message: `Cannot listen on localhost:${port} (EADDRINUSE): stop what listens there already, or correct HOST and PORT`,
  });
  const { app: other } = await application(t);
  await t.rejects(listen(other, resolvingTo(ABSENT)), {
    message:
      'Cannot listen on localhost:0 (EADDRNOTAVAIL): this machine has no such address: set HOST to one that it has, 127.0.0.1 for clients on it only or 0.0.0.0 for all',
  });
  const { app: nameless } = await application(t);
  for (const [code, advice] of [
    ['ENOTFOUND', /\(ENOTFOUND\): no address is known for this name: correct HOST$/],
    ['EACCES', /\(EACCES\): this user may not listen at such a port: set PORT to one from 1024 on$/],
    ['EPERM', /\(EPERM\): correct HOST and PORT$/],
  ] as const) {
    const failing = async () => Promise.reject(Object.assign(new Error(code), { code }));
    await t.rejects(listen(nameless, failing), { message: advice });
  }
});

t.test('without a second one, and by the real name, it is as Fastify does it', async (t) => {
  const { app } = await application(t, { HOST: '127.0.0.1' });
  t.match(await listen(app), /^http:\/\/127\.0\.0\.1:\d+$/);
  const { app: named } = await application(t);
  t.match(await listen(named), /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
  named.server.close();
});
