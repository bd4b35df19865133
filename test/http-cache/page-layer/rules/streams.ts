import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import t, { type Test } from 'tap';
import { tooLargeToKeep } from '../../../../src/http-cache/plugin.ts';
import { Gate } from '../../../helpers/gate.ts';
import { type StoreKind, storeKinds } from '../../../helpers/stores.ts';
import { listen, page, pageLayer } from '../fixture.ts';

const STREAMING = 'property-listings; fwd=uri-miss; detail=streaming';
const HIT = 'property-listings; hit; ttl=60';

/** A page whose first load answers with `first`; every other one answers its number. */
async function streamed(t: Test, open: StoreKind['open'], first: (reply: FastifyReply) => unknown) {
  const layer = await pageLayer(t, await open(t));
  let loads = 0;
  layer.app.get('/', { config: page }, async (_, reply) => {
    loads += 1;
    return loads > 1 ? String(loads) : first(reply);
  });
  return { ...layer, loads: () => loads };
}

for (const { name, skip, open } of storeKinds) {
  t.test(`a page that is streamed, over ${name}`, { skip }, async (t) => {
    t.test('is stored after its last byte', async (t) => {
      const stream = new PassThrough();
      const { app, get, loads } = await streamed(t, open, (reply) =>
        reply.headers({ 'x-total': 3 }).type('text/plain').send(stream),
      );
      stream.write('first, ');
      const [response]: IncomingMessage[] = await once(httpGet(await listen(app)), 'response');
      if (!response) throw new Error('a response event has its response');
      t.equal(response.headers['cache-status'], STREAMING);
      const [begin] = await once(response, 'data');
      t.equal(String(begin), 'first, ');
      t.equal((await get('/')).body, '2', 'no other request is served a part of it');
      stream.end('last');
      t.equal(String(Buffer.concat(await response.toArray())), 'last');
      const { headers, body } = await get('/');
      t.equal(headers['cache-status'], HIT);
      t.equal(body, 'first, last');
      t.match(headers, { 'content-type': 'text/plain', 'content-length': '11', 'x-total': '3' });
      t.ok(headers.etag);
      t.equal(loads(), 2);
    });

    t.test('is not stored if its stream fails, and the next request loads it', async (t) => {
      const { app, get, loads } = await streamed(t, open, (reply) =>
        reply.send(
          Readable.from(
            (async function* () {
              yield 'first, ';
              throw new Error('thrown while streaming');
            })(),
          ),
        ),
      );
      const [response]: IncomingMessage[] = await once(httpGet(await listen(app)), 'response');
      if (!response) throw new Error('a response event has its response');
      await t.rejects(response.toArray(), 'the client sees that it is not whole');
      const { headers, body } = await get('/');
      t.equal(body, '2');
      t.match(headers['cache-status'], /; stored$/);
      t.equal(loads(), 2);
    });

    t.test('is not stored if it is not as long as it said', async (t) => {
      const { get, loads } = await streamed(t, open, (reply) =>
        reply.header('content-length', 11).send(Readable.from(['first, '])),
      );
      t.equal((await get('/')).headers['cache-status'], STREAMING);
      t.equal((await get('/')).body, '2');
      t.equal(loads(), 2);
    });

    t.test('is not stored if the client goes away before its end', async (t) => {
      const stream = new PassThrough();
      const { app, get, loads } = await streamed(t, open, (reply) => reply.send(stream));
      stream.write('first, ');
      const client = httpGet(await listen(app));
      client.on('error', () => {}); // It is us who hang up.
      const [response]: IncomingMessage[] = await once(client, 'response');
      response?.on('error', () => {});
      const closed = new Promise((resolve) => stream.once('close', resolve));
      client.destroy();
      await closed;
      t.equal((await get('/')).body, '2', 'its stream was closed');
      t.equal(loads(), 2);
    });
  });
}

t.test(
  'a stream that is longer than what may be kept reaches the client whole, and is not stored',
  async (t) => {
    const [memory] = storeKinds;
    if (!memory) throw new Error('there is a memory store');
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const { app, get, loads } = await streamed(t, memory.open, (reply) =>
      reply.send(Readable.from(Array.from({ length: 5 }, () => chunk))),
    );
    const [response]: IncomingMessage[] = await once(httpGet(await listen(app)), 'response');
    let bytes = 0;
    for await (const { byteLength } of response ?? []) bytes += byteLength;
    t.equal(bytes, 5 * chunk.byteLength);
    t.equal((await get('/')).body, '2');
    t.equal(loads(), 2);
  },
);

for (const { name, skip, open } of storeKinds) {
  t.test(`a stream that its handler calls too large to be kept, over ${name}`, { skip }, async (t) => {
    t.test('is sent as it comes and not stored, however short it is', async (t) => {
      const stream = new PassThrough();
      const { app, get, loads } = await streamed(t, open, (reply) => reply.send(tooLargeToKeep(stream)));
      stream.write('first, ');
      const [response]: IncomingMessage[] = await once(httpGet(await listen(app)), 'response');
      if (!response) throw new Error('a response event has its response');
      t.equal(response.headers['cache-status'], 'property-listings; fwd=uri-miss; detail=too-large');
      t.notOk('etag' in response.headers || 'content-length' in response.headers);
      t.equal(String((await once(response, 'data'))[0]), 'first, ');
      stream.end('last');
      t.equal(String(Buffer.concat(await response.toArray())), 'last');
      const { headers, body } = await get('/');
      t.equal(body, '2');
      t.match(headers['cache-status'], /; stored$/);
      t.equal(loads(), 2);
    });

    t.test('keeps no other request waiting', async (t) => {
      const stream = new PassThrough();
      const [handling, sent] = [new Gate(), new Gate()];
      const { app, get } = await streamed(t, open, async (reply) => {
        await handling.pass();
        return reply.send(tooLargeToKeep(stream));
      });
      stream.write('first, ');
      const first = httpGet(await listen(app), () => void sent.pass());
      await handling.reached;
      const waiting = get('/');
      handling.open();
      await sent.reached;
      t.equal((await waiting).body, '2', 'although the stream goes on');
      const closed = new Promise((resolve) => stream.once('close', resolve));
      first.on('error', () => {}).destroy();
      await closed;
    });
  });
}

t.test('a stream that may not be stored is left alone', async (t) => {
  const [memory] = storeKinds;
  if (!memory) throw new Error('there is a memory store');
  const { get, loads } = await streamed(t, memory.open, (reply) =>
    reply.header('cache-control', 'no-store').send(Readable.from(['mine'])),
  );
  const { headers, body } = await get('/');
  t.equal(body, 'mine');
  t.equal(headers['cache-status'], 'property-listings; fwd=uri-miss');
  t.equal((await get('/')).body, '2');
  t.equal(loads(), 2);
});

t.test('a stream with Set-Cookie is not stored', async (t) => {
  const [memory] = storeKinds;
  if (!memory) throw new Error('there is a memory store');
  const { get } = await streamed(t, memory.open, (reply) =>
    reply.header('set-cookie', 'session=mine').send(Readable.from(['mine'])),
  );
  t.equal((await get('/')).headers['set-cookie'], 'session=mine');
  const { headers, body } = await get('/');
  t.equal(body, '2');
  t.notOk('set-cookie' in headers);
});
