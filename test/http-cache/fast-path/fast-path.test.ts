import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import t, { type Test } from 'tap';
import { MemoryStore } from '../../../src/cache/stores/memory-store.ts';
import type { Store } from '../../../src/cache/stores/store.ts';
import type { FastPathHit } from '../../../src/http-cache/plugin.ts';
import { Gate } from '../../helpers/gate.ts';
import { SHAPE } from '../../helpers/page-shapes.ts';
import { storeKinds } from '../../helpers/stores.ts';
import { listen, page, pageLayer, TTL } from '../page-layer/fixture.ts';

const BIG = 'x'.repeat(200_000);

/** An application whose plain hits are answered before its router, and which hits were. */
async function fastLayer(t: Test, store: Store = new MemoryStore(16_000_000), maxFastPathUrls = 4_096) {
  const hits: FastPathHit[] = [];
  const layer = await pageLayer(t, store, {
    maxFastPathUrls,
    answeredFast: (hit, elapsed) => {
      if (elapsed >= 0) hits.push(hit);
    },
  });
  return { ...layer, hits };
}

/** Sends bytes on one connection, and gives what came until `responses` answers were complete or it was closed. */
async function exchange(url: URL, bytes: string, responses: number): Promise<string[]> {
  const socket = connect(Number(url.port), url.hostname);
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
    if (split(received).length >= responses) socket.destroy();
  });
  socket.write(bytes);
  await once(socket, 'close');
  return bytes.startsWith('HEAD') ? [received] : split(received);
}

/** Whole responses, by their Content-Length; a 304 has none. */
function split(text: string): string[] {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return [];
  const length = Number(/^content-length: (\d+)/im.exec(text.slice(0, end))?.[1] ?? 0);
  const whole = end + 4 + (text.startsWith('HTTP/1.1 304') ? 0 : length);
  if (text.length < whole) return [];
  return [text.slice(0, whole), ...split(text.slice(whole))];
}

const request = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

/** The fields, without those that differ from one answer to the next. */
function fieldsOf(response: string): Record<string, string> {
  const [head = ''] = response.split('\r\n\r\n');
  const fields = head.split('\r\n').slice(1);
  return Object.fromEntries(
    fields
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])
      .filter(([name]) => name !== 'date' && name !== 'x-request-id'),
  );
}

async function twice(app: FastifyInstance, ...urls: string[]): Promise<URL> {
  const url = await listen(app);
  for (const path of urls) await exchange(url, request(path) + request(path), 2);
  return url;
}

for (const { name, skip, open } of storeKinds) {
  t.test(`hits before the router, over ${name}`, { skip }, async (t) => {
    t.test('a plain hit is what it is on the slow path, and no hook runs for it', async (t) => {
      const { app, hits } = await fastLayer(t, await open(t));
      let requests = 0;
      app.addHook('onRequest', async (_, reply) => {
        requests += 1;
        reply.header('x-policy', 'strict');
      });
      app.get('/', { config: page }, async () => ({ a: 1 }));
      const url = await twice(app, '/');
      const long = await exchange(url, request('/', 'Content-Length: 0\r\n'), 1);
      t.same([requests, hits.length], [3, 0]);
      const fast = await exchange(url, request('/'), 1);
      t.same([requests, hits.length], [3, 1]);
      t.same(fieldsOf(fast[0] ?? ''), fieldsOf(long[0] ?? ''));
      t.equal(fast[0]?.split('\r\n\r\n')[1], '{"a":1}');
      t.match(hits[0], {
        method: 'GET',
        url: '/',
        status: 200,
        cacheStatus: `property-listings; hit; ttl=${TTL}`,
      });
    });

    t.test('If-None-Match of its tag is answered 304, with the fields of the slow path', async (t) => {
      const { app, hits } = await fastLayer(t, await open(t));
      app.get('/', { config: page }, async () => 'text');
      const url = await twice(app, '/');
      const { etag } = fieldsOf((await exchange(url, request('/'), 1))[0] ?? '');
      const [fast = ''] = await exchange(url, request('/', `If-None-Match: ${etag}\r\n`), 1);
      const [long = ''] = await exchange(url, request('/', `If-None-Match: W/${etag}\r\n`), 1);
      t.match(fast, /^HTTP\/1.1 304 Not Modified\r\n/);
      t.same(fieldsOf(fast), fieldsOf(long));
      t.equal(hits.filter(({ status }) => status === 304).length, 1);
    });

    t.test('what was invalidated or has expired takes the slow path', async (t) => {
      const { app, hits, caches, advance } = await fastLayer(t, await open(t));
      let loads = 0;
      app.get('/', { config: page }, async () => {
        loads += 1;
        return String(loads);
      });
      const url = await twice(app, '/');
      await exchange(url, request('/'), 1);
      await caches.invalidate(['things']);
      const [loaded = ''] = await exchange(url, request('/'), 1);
      t.equal(loaded.at(-1), '2');
      advance(TTL);
      const [again = ''] = await exchange(url, request('/'), 1);
      t.equal(again.at(-1), '3');
      t.equal(hits.length, 1);
      await exchange(url, request('/'), 1);
      t.equal(hits.length, 2);
    });

    t.test('hits are counted once', async (t) => {
      const { app, caches, hits } = await fastLayer(t, await open(t));
      app.get('/', { config: page }, async () => 'text');
      const url = await twice(app, '/');
      const counted = () => {
        const { local, shared } = caches.counters.layers.pages;
        return local.hits + shared.hits;
      };
      const before = counted();
      await exchange(url, request('/') + request('/') + request('/'), 3);
      t.equal(hits.length, 3);
      t.equal(counted() - before, 3);
    });

    t.test(
      'an encoded variant is sent on the fast path too, and the page as it is only to who wants that',
      async (t) => {
        const { app, hits, caches } = await fastLayer(t, await open(t));
        app.get('/', { config: page }, async (_, reply) => reply.type('text/plain').send(BIG));
        const url = await twice(app, '/');
        const gzip = request('/', 'Accept-Encoding: gzip\r\n');
        const made = new Promise<void>((resolve) => caches.events.once('fill', () => resolve()));
        await exchange(url, gzip, 1);
        await made;
        let [coded = ''] = await exchange(url, gzip, 1);
        while (fieldsOf(coded)['content-encoding'] !== 'gzip') [coded = ''] = await exchange(url, gzip, 1);
        hits.length = 0;
        const [fast = ''] = await exchange(url, gzip, 1);
        t.equal(hits.length, 1);
        t.match(fieldsOf(fast), { 'content-encoding': 'gzip', vary: 'Accept-Encoding', etag: /-gzip"$/ });
        const [plain = ''] = await exchange(url, request('/'), 1);
        t.equal(hits.length, 2);
        t.equal(plain.length, (plain.split('\r\n\r\n')[0] ?? '').length + 4 + BIG.length);
        t.notOk('content-encoding' in fieldsOf(plain));
      },
    );
  });
}

t.test('what is not plain takes the slow path', async (t) => {
  const { app, hits } = await fastLayer(t);
  app.get('/', { config: page }, async () => 'text');
  app.post('/', async () => 'posted');
  const url = await twice(app, '/');
  await exchange(url, request('/', 'Cache-Control: no-cache\r\nPragma: no-cache\r\nX-Other: 1\r\n'), 1);
  t.equal(hits.length, 1, 'the route decides on freshness');
  hits.length = 0;
  for (const [what, bytes, status] of [
    ['HEAD', 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 200],
    ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 200],
    ['Connection: close', request('/', 'Connection: close\r\n'), 200],
    ['Authorization', request('/', 'Authorization: Bearer x\r\n'), 200],
    ['Range', request('/', 'Range: bytes=0-1\r\n'), 206],
    ['another tag', request('/', 'If-None-Match: "other"\r\n'), 200],
    ['two fields of tags', request('/', 'If-None-Match: "a"\r\nIf-None-Match: "b"\r\n'), 200],
    ['two fields of codings', request('/', 'Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n'), 200],
    ['If-Modified-Since', request('/', 'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n'), 200],
    ['a body', `${request('/', 'Content-Length: 2\r\n')}{}`, 200],
    ['a chunked body', `${request('/', 'Transfer-Encoding: chunked\r\n')}0\r\n\r\n`, 200],
    ['an unknown URL', request('/?a=1'), 200],
    ['POST', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n', 200],
  ] as const) {
    const [response = ''] = await exchange(url, bytes, 1);
    t.match(response, new RegExp(`^HTTP/1.1 ${status} `), what);
    t.equal(hits.length, 0, what);
  }
});

t.test(
  'a page that its route names is sent on the fast path too, in one of several buckets or none',
  async (t) => {
    const { app, hits, caches } = await fastLayer(t);
    const key = ({ query }: { query: unknown }) => {
      const { a } = Object(query);
      if (a === 'none') return undefined;
      return a === undefined ? '/' : `/?a=${String(a).toLowerCase()}`;
    };
    const config = { pageCache: { ...page.pageCache, key, buckets: 1 } };
    app.get('/', { config }, async ({ query }) => `text ${Object(query).a}`.toLowerCase());
    const url = await twice(app, '/', '/?a=x');
    const fast = async (path: string) => {
      const before = hits.length;
      const [response = ''] = await exchange(url, request(path), 1);
      return [response.split('\r\n\r\n')[1], hits.length > before];
    };
    t.same(await fast('/?a=x'), ['text x', true]);
    t.same(await fast('/?a=X'), ['text x', false], 'the same page, but another URL');
    t.same(await fast('/?a=X'), ['text x', true]);
    t.same(await fast('/'), ['text undefined', true]);
    t.same(await fast('/?a=y'), ['text y', false], 'another page, which takes the bucket');
    t.same(await fast('/?a=y'), ['text y', false]);
    t.same(await fast('/?a=y'), ['text y', true]);
    t.same(await fast('/?a=x'), ['text x', false], 'its URL is known, but its bucket has another page');
    t.same(await fast('/?a=x'), ['text x', true]);
    t.same(await fast('/?a=X'), ['text x', true], 'known by both');
    t.same(await fast('/'), ['text undefined', true], 'what asks nothing has its own bucket');
    for (const _ of ['once', 'twice', 'three times']) t.same(await fast('/?a=none'), ['text none', false]);
    await caches.invalidate(['things']);
    t.same(await fast('/?a=x'), ['text x', false]);
  },
);

t.test(
  'where the response decides on freshness, a request with directives takes the slow path',
  async (t) => {
    const { app, hits } = await fastLayer(t);
    const config = { pageCache: { freshness: 'response' } } as const;
    app.get('/', { config }, async (_, reply) => reply.header('cache-control', 'max-age=60').send('text'));
    const url = await twice(app, '/');
    await exchange(url, request('/', 'Cache-Control: max-age=5\r\n'), 1);
    t.equal(hits.length, 0);
    await exchange(url, request('/'), 1);
    t.equal(hits.length, 1);
  },
);

t.test('requests in one packet are answered in their order', async (t) => {
  const { app, hits } = await fastLayer(t);
  const gate = new Gate();
  app.get('/fast', { config: page }, async () => 'fast');
  app.get('/slow', async () => {
    await gate.pass();
    return 'slow';
  });
  const url = await twice(app, '/fast');
  const answers = exchange(url, request('/slow') + request('/fast') + request('/slow') + request('/fast'), 4);
  await gate.reached;
  gate.open();
  t.same(
    (await answers).map((answer) => answer.slice(-4)),
    ['slow', 'fast', 'slow', 'fast'],
  );
  t.equal(hits.length, 2);
});

for (const [what, hook] of [
  ['sets a cookie', (reply: FastifyReply) => reply.header('set-cookie', 'a=b')],
  ['varies', (reply: FastifyReply) => reply.header('vary', 'Origin')],
] as const) {
  t.test(`an application whose hook ${what} answers nothing on the fast path`, async (t) => {
    const { app, hits } = await fastLayer(t);
    app.addHook('onRequest', async (_, reply) => void hook(reply));
    app.get('/', { config: page }, async () => 'text');
    const url = await twice(app, '/');
    for (const _ of ['once', 'twice']) await exchange(url, request('/'), 1);
    t.equal(hits.length, 0);
  });
}

t.test('a page with variants, or another status, takes the slow path', async (t) => {
  const { app, hits } = await fastLayer(t);
  const config = { pageCache: { freshness: 'response' } } as const;
  app.get('/gone', { config }, async (_, reply) =>
    reply.code(410).header('cache-control', 'max-age=60').send('gone'),
  );
  app.get('/vary', { config: page }, async (_, reply) => reply.header('vary', 'x-a').send('text'));
  const url = await twice(app, '/gone', '/vary');
  for (const path of ['/gone', '/vary']) {
    const [response = ''] = await exchange(url, request(path), 1);
    t.match(fieldsOf(response)['cache-status'], /; hit;/);
  }
  t.equal(hits.length, 0);
});

t.test('its age and its ttl count on, and its entry is prepared again for each second', async (t) => {
  const { app, advance } = await fastLayer(t);
  app.get('/', { config: page }, async () => 'text');
  const url = await twice(app, '/');
  for (const age of ['0', '1', '2']) {
    const [response = ''] = await exchange(url, request('/'), 1);
    t.match(fieldsOf(response), { age, 'cache-status': `property-listings; hit; ttl=${TTL - Number(age)}` });
    advance(1);
  }
});

t.test('more URLs than are remembered are answered all the same', async (t) => {
  const { app, hits } = await fastLayer(t, undefined, 40);
  app.get('/', { config: page }, async () => 'text');
  const url = await twice(app, '/');
  const paths = Array.from({ length: 50 }, (_, index) => `/?${index}`);
  const askEach = async (asked: readonly string[]) => {
    hits.length = 0;
    for (const path of asked) t.match(await exchange(url, request(path), 1), [/text$/]);
    return hits.length;
  };
  t.equal(await askEach(paths), 0);
  t.equal(await askEach(paths.slice(39)), 11, 'those that came after it had forgotten all');
  t.equal(await askEach(paths.slice(0, 1)), 0);
  const long = `/?${'x'.repeat(600)}`;
  hits.length = 0;
  await exchange(url, request(long) + request(long), 2);
  t.equal(hits.length, 0);
});

t.test('once the application closes, connections end with the answer of the slow path', async (t) => {
  const { app, hits } = await fastLayer(t);
  const [closing, gate] = [new Gate(), new Gate()];
  app.get('/', { config: page }, async () => 'text');
  app.get('/slow', async () => {
    await gate.pass();
    return 'slow';
  });
  app.addHook('preClose', async () => void closing.pass());
  const url = await twice(app, '/');
  const answers = exchange(url, request('/slow') + request('/'), 2);
  await gate.reached;
  const closed = app.close();
  await closing.reached;
  await turn();
  gate.open();
  t.equal((await answers).length, 2);
  await closed;
  t.ok(hits.length <= 1, 'only what had come before');
});

t.test('a page with a field that cannot be sent takes the slow path, and the server goes on', async (t) => {
  const store = new MemoryStore(16_000_000);
  const { app, hits } = await fastLayer(t, store);
  app.get('/', { config: page }, async () => 'text');
  const url = await twice(app, '/');
  const known = await store.last(`pages:${SHAPE}:/`);
  if (!known?.entry) return t.fail('the page is there');
  const { head, body } = known.entry.value;
  await store.write(`pages:${SHAPE}:/`, {
    ...known.entry,
    value: { head: { ...head, 'x-bad': 'a\nb' }, body },
  });
  const [response = ''] = await exchange(url, request('/'), 1);
  t.notMatch(response, /x-bad|text/);
  t.equal(hits.length, 0);
  await store.write(`pages:${SHAPE}:/`, known.entry);
  t.match((await exchange(url, request('/'), 1))[0], /text$/);
});

t.test(
  'an application that limits the requests of a connection, or constrains a route, answers nothing on the fast path',
  async (t) => {
    const limited = await fastLayer(t);
    limited.app.server.maxRequestsPerSocket = 2;
    limited.app.get('/', { config: page }, async () => 'text');
    const constrained = await fastLayer(t);
    constrained.app.get('/', { config: page }, async () => 'text');
    constrained.app.get('/', { constraints: { host: 'other' } }, async () => 'other');
    for (const { app, hits } of [limited, constrained]) {
      const url = await twice(app, '/');
      for (const _ of ['once', 'twice']) await exchange(url, request('/'), 1);
      t.equal(hits.length, 0);
    }
  },
);

t.test('how long a connection stays open is said as Node says it', async (t) => {
  for (const [milliseconds, said] of [
    [0, undefined],
    [5_000, 'timeout=5'],
  ] as const) {
    const { app, hits } = await fastLayer(t);
    app.server.keepAliveTimeout = milliseconds;
    app.get('/', { config: page }, async () => 'text');
    const url = await twice(app, '/');
    const [fast = ''] = await exchange(url, request('/'), 1);
    t.equal(hits.length, 1);
    t.equal(fieldsOf(fast)['keep-alive'], said);
  }
});
