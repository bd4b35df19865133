import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { createCaches } from '../../../src/cache/caches.ts';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import { overload } from '../../../src/http/overload/overload.ts';
import { problems, refuseGarbage } from '../../../src/http/problems.ts';
import { pageCache } from '../../../src/http-cache/plugin.ts';
import { fronted } from '../../helpers/fronted.ts';
import { PATIENT } from '../../helpers/times.ts';

/** What an application that listens answers to these bytes, until it ends the connection. */
async function answerTo(app: FastifyInstance, bytes: string): Promise<string> {
  const [address] = app.addresses();
  if (typeof address !== 'object') throw new Error('it listens on TCP');
  const socket = connect(address.port, address.address);
  socket.write(bytes);
  return text(socket);
}

const get = (path: string, field = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${field}\r\n`;
const last = (path: string) => get(path, 'Connection: close\r\n');

/** A page cache and a load gate, registered in an order or the other. */
async function cachedAndGated(t: Test, order: readonly ('cache' | 'gate')[]) {
  const caches = createCaches({ store: new MemoryStore(1_000_000), everything: ['things'], staleIfError: 0 });
  const load = { waiting: 0, hits: 0 };
  const answered = () => {
    load.hits += 1;
  };
  const app = fronted();
  t.teardown(async () => {
    await app.close();
    await caches.close();
  });
  app.decorate('times', { ...PATIENT, gateMs: 50 });
  for (const what of order) {
    if (what === 'cache')
      await app.register(pageCache, {
        caches,
        fastPath: { use: (stage) => app.front.use('fastPath', stage), answered },
      });
    else await app.register(overload, { waitingQueries: () => load.waiting });
  }
  app.get('/:name', { config: { pageCache: { ttl: 60, tags: ['things'] } } }, async () => 'answered');
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, load };
}

for (const order of [
  ['cache', 'gate'],
  ['gate', 'cache'],
] as const) {
  t.test(`while the gate is full a hit is answered, and a miss refused: ${order[0]} first`, async (t) => {
    const { app, load } = await cachedAndGated(t, order);
    await answerTo(app, get('/a') + last('/a'));
    load.waiting = 1_000;
    const answers = await answerTo(app, get('/a') + last('/b'));
    t.same(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 503']);
    t.equal(load.hits, 1);
  });
}

t.test('a target with a host in it is the same as one without, before any stage', async (t) => {
  const app = fronted();
  t.teardown(() => app.close());
  const seen: unknown[] = [];
  app.front.use('fastPath', (request, response, next) => {
    seen.push(request.url);
    next(request, response);
  });
  app.get('/*', async ({ url }) => url);
  app.options('*', async ({ url }) => url);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const targets = ['/a?b=http://c', 'http://h/a', 'HTTP://h:80/a?b', 'https://h', 'http://h?b', '*'];
  const method = (target: string) => (target === '*' ? 'OPTIONS' : 'GET');
  for (const target of targets) {
    await answerTo(app, `${method(target)} ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
  }
  t.same(seen, ['/a?b=http://c', '/a', '/a?b', '/', '/?b', '*']);
});

t.test('CONNECT is answered with 501, and its client may go before the answer', async (t) => {
  const app = fronted({ clientErrorHandler: refuseGarbage });
  t.teardown(() => app.close());
  await app.register(problems);
  app.get('/', async () => 'answered');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const tunnel = 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n';
  const answer = await answerTo(app, tunnel);
  t.match(answer, /^HTTP\/1\.1 501 Not Implemented\r\n[\s\S]*"code":"PL_NO_TUNNEL"/);
  const [address] = app.addresses();
  if (typeof address !== 'object') return t.fail('it listens on TCP');
  const gone = connect(address.port, address.address);
  const connected = once(app.server, 'connect');
  gone.write(tunnel);
  const [, socket] = await connected;
  gone.resetAndDestroy();
  await new Promise((resolve) => socket.once('close', resolve));
  t.match(await answerTo(app, last('/')), /answered$/);
});
