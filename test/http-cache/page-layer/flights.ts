import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import t, { type Test } from 'tap';
import { Gate } from '../../helpers/gate.ts';
import { type StoreKind, storeKinds } from '../../helpers/stores.ts';
import { listen, page, pageLayer } from './fixture.ts';

const STORED = 'property-listings; fwd=uri-miss; stored';

/** A page whose first load stops at a gate and then answers with `first`; every other one answers its number. */
async function gatedPage(t: Test, open: StoreKind['open'], first: (reply: FastifyReply) => unknown) {
  const layer = await pageLayer(t, await open(t));
  const gate = new Gate();
  let loads = 0;
  layer.app.get('/', { config: page }, async (_, reply) => {
    loads += 1;
    const load = loads;
    if (load > 1) return String(load);
    await gate.pass();
    return first(reply);
  });
  return { ...layer, gate, loads: () => loads };
}

for (const { name, skip, open } of storeKinds) {
  t.test(`many who ask at once, over ${name}`, { skip }, async (t) => {
    t.test('one loads, and the others get its page', async (t) => {
      const { get, gate, loads } = await gatedPage(t, open, () => 'the page');
      const leader = get('/');
      await gate.reached;
      const others = Array.from({ length: 20 }, () => get('/'));
      await turn();
      gate.open();
      t.equal((await leader).headers['cache-status'], STORED);
      for (const { body, headers } of await Promise.all(others)) {
        t.equal(body, 'the page');
        t.match(headers['cache-status'], /; collapsed$|; hit;/);
        t.equal(headers.etag, (await leader).headers.etag);
      }
      t.equal(loads(), 1);
    });

    for (const [what, answer, status] of [
      [
        'throws',
        () => {
          throw new Error('thrown by the leader');
        },
        500,
      ],
      [
        'sets a cookie',
        (reply: FastifyReply) => reply.header('set-cookie', 'session=leader').send('mine'),
        200,
      ],
      [
        'takes the reply into its own hands',
        (reply: FastifyReply) => {
          reply.hijack();
          reply.raw.end('raw');
        },
        200,
      ],
    ] as const) {
      t.test(`when the leader ${what}, the others go on by themselves`, async (t) => {
        const { get, gate, loads, statusOf } = await gatedPage(t, open, answer);
        const leader = get('/');
        await gate.reached;
        const others = [get('/'), get('/')];
        await turn();
        gate.open();
        t.equal((await leader).statusCode, status);
        for (const { statusCode, body, headers } of await Promise.all(others)) {
          t.equal(statusCode, 200);
          t.match(body, /^[23]$/);
          t.notOk('set-cookie' in headers);
        }
        t.ok(loads() >= 2 && loads() <= 3);
        t.equal(await statusOf('/'), 'property-listings; hit; ttl=60');
      });
    }

    t.test('when the leader streams, the others do not wait for its end', async (t) => {
      const stream = new PassThrough();
      const { get, gate } = await gatedPage(t, open, (reply) => reply.send(stream));
      const leader = get('/');
      await gate.reached;
      const other = get('/');
      await turn();
      gate.open();
      t.equal((await other).body, '2');
      stream.end('streamed');
      t.equal((await leader).body, 'streamed');
    });

    t.test('a page whose tag was invalidated while it was loaded is never a hit', async (t) => {
      const { get, gate, caches, statusOf } = await gatedPage(t, open, () => 'old');
      const leader = get('/');
      await gate.reached;
      await caches.invalidate(['things']);
      const later = await get('/');
      t.equal(later.body, '2', 'a request after the invalidation loads, and does not wait');
      gate.open();
      t.equal((await leader).body, 'old');
      await caches.store.read('', []); // What the leader stored has arrived.
      t.not((await get('/')).body, 'old');
      t.not(await statusOf('/'), undefined);
    });

    t.test('a reply that the client aborted is not stored', async (t) => {
      const { app, gate, loads, get } = await gatedPage(t, open, () => 'unread');
      let gone: () => void = () => {};
      const aborted = new Promise<void>((resolve) => {
        gone = resolve;
      });
      let sent: () => void = () => {};
      const answered = new Promise<void>((resolve) => {
        sent = resolve;
      });
      app.addHook('onRequest', async (request) => void request.raw.socket.once('close', gone));
      app.addHook('onSend', async () => void setImmediate(sent));
      const url = await listen(app);
      const client = httpGet(url);
      client.on('error', () => {}); // It is us who hang up.
      await gate.reached;
      client.destroy();
      await aborted;
      gate.open();
      await answered;
      t.equal((await get('/')).body, '2');
      t.equal(loads(), 2);
    });

    t.test('requests with other methods neither lead nor wait', async (t) => {
      const { app, get, gate, loads } = await gatedPage(t, open, () => 'the page');
      const leader = get('/');
      await gate.reached;
      t.equal((await app.inject({ method: 'HEAD', url: '/' })).headers['content-length'], '1');
      t.equal((await get('/', { authorization: 'Bearer x' })).body, '3');
      gate.open();
      t.equal((await leader).headers['cache-status'], STORED);
      t.equal((await get('/')).body, 'the page');
      t.equal(loads(), 3);
    });
  });
}

t.test('over a socket, HEAD and 304 carry no body, and the connection goes on', async (t) => {
  const [memory] = storeKinds;
  if (!memory) throw new Error('there is a memory store');
  const { app } = await pageLayer(t, await memory.open(t));
  app.get('/', { config: page }, async () => ({ a: 'body' }));
  const url = await listen(app);
  const ask = async (method: string, headers = {}) => {
    const [response]: IncomingMessage[] = await once(
      httpGet({ port: url.port, method, headers, agent }),
      'response',
    );
    if (!response) throw new Error('a response event has its response');
    let bytes = 0;
    for await (const chunk of response) bytes += chunk.length;
    return { bytes, status: response.statusCode, headers: response.headers };
  };
  const { Agent } = await import('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  t.match(await ask('HEAD', { 'if-none-match': '*' }), { bytes: 0, status: 304 });
  t.match(await ask('HEAD'), { bytes: 0, status: 200, headers: { 'content-length': '12' } });
  t.match(await ask('GET'), { bytes: 12, status: 200 });
  t.match(await ask('GET', { 'if-none-match': '*' }), { bytes: 0, status: 304 });
  t.match(await ask('HEAD', { 'if-none-match': '*' }), { bytes: 0, status: 304 });
  t.match(await ask('GET'), { bytes: 12, status: 200, headers: { 'cache-status': /; hit;/ } });
});
