import type { FastifyReply, FastifyRequest } from 'fastify';
import t from 'tap';
import { storeKinds } from '../../helpers/stores.ts';
import { page, pageLayer } from './fixture.ts';

type Answer = (reply: FastifyReply) => unknown;

const stored: Record<string, Answer> = {
  'an object': () => ({ a: 1 }),
  'a string': () => 'text',
  'an empty string': (reply) => reply.send(''),
  'bytes that are no text': (reply) => reply.type('image/png').send(Buffer.from([0, 255, 10, 13])),
  'Cache-Control: public, max-age=0': (reply) => reply.header('cache-control', 'public, max-age=0').send({}),
  'a weak ETag of its own': (reply) => reply.header('etag', 'W/"mine"').send('text'),
  'headers of its own': (reply) => reply.headers({ 'x-total': 3, link: '</>; rel="up"' }).send({}),
};

const notStored: Record<string, Answer> = {
  'Set-Cookie': (reply) => reply.header('set-cookie', 'a=b').send({}),
  'Vary: *': (reply) => reply.header('vary', '*').send({}),
  'Cache-Control: no-store': (reply) => reply.header('cache-control', 'no-store').send({}),
  'Cache-Control: Private': (reply) => reply.header('cache-control', 'max-age=9, Private').send({}),
  'status 201': (reply) => reply.code(201).send({}),
  'status 204': (reply) => reply.code(204).send(),
  'status 206': (reply) => reply.code(206).send('part'),
  'status 301': (reply) => reply.redirect('/elsewhere', 301),
  'status 404': (reply) => reply.code(404).send({}),
  'status 503': (reply) => reply.code(503).send({}),
  'no body': (reply) => reply.send(),
  'an error': () => {
    throw new Error('thrown by the handler');
  },
};

for (const { name, skip, open } of storeKinds) {
  t.test(`what the page layer stores, in ${name}`, { skip }, async (t) => {
    const layer = await pageLayer(t, await open(t));
    const { app, get } = layer;
    const loads: Record<string, number> = {};
    const routes = Object.entries({ ...stored, ...notStored }).map(([what, answer], index) => {
      loads[what] = 0;
      app.get(`/${index}`, { config: page }, async (_, reply) => {
        loads[what] = (loads[what] ?? 0) + 1;
        return answer(reply);
      });
      return [what, `/${index}`] as const;
    });

    for (const [what, url] of routes.filter(([what]) => what in stored)) {
      t.test(`an answer that is or has ${what} is stored, with its bytes and headers`, async (t) => {
        const first = await get(url);
        const second = await get(url);
        t.equal(first.headers['cache-status'], 'property-listings; fwd=uri-miss; stored');
        t.equal(second.headers['cache-status'], 'property-listings; hit; ttl=60');
        t.equal(loads[what], 1);
        t.same(second.rawPayload, first.rawPayload);
        t.ok(first.headers.etag);
        const { 'cache-status': _, 'x-request-id': __, date, ...headers } = first.headers;
        t.match(second.headers, headers);
      });
    }

    for (const [what, url] of routes.filter(([what]) => what in notStored)) {
      t.test(`an answer that is or has ${what} is not stored, nor changed`, async (t) => {
        const first = await get(url);
        const second = await get(url, { 'if-none-match': '*' });
        t.equal(loads[what], 2);
        t.equal(second.statusCode, first.statusCode);
        const content = ({ body, headers }: typeof first) =>
          body.replaceAll(String(headers['x-request-id']), 'its name');
        t.equal(content(second), content(first));
        for (const { headers } of [first, second]) {
          t.equal(headers['cache-status'], 'property-listings; fwd=uri-miss');
          t.notOk('etag' in headers);
        }
      });
    }
  });
}

t.test('a weak ETag that the handler set answers 304 to its strong form too', async (t) => {
  const [memory] = storeKinds;
  if (!memory) throw new Error('there is a memory store');
  const { app, get } = await pageLayer(t, await memory.open(t));
  app.get('/', { config: page }, async (_, reply) => reply.header('etag', 'W/"mine"').send('text'));
  for (const form of ['"mine"', 'W/"mine"']) {
    const response = await get('/', { 'if-none-match': form });
    t.equal(response.statusCode, 304);
    t.equal(response.headers.etag, 'W/"mine"');
  }
});

t.test(
  'of the headers, those of the request stay its own, and those that the handler changed are kept',
  async (t) => {
    const [memory] = storeKinds;
    if (!memory) throw new Error('there is a memory store');
    const { app, get } = await pageLayer(t, await memory.open(t));
    let requests = 0;
    app.addHook('onRequest', async (_, reply) => {
      requests += 1;
      reply.headers({ 'x-request': String(requests), 'x-policy': 'strict' });
    });
    app.get('/', { config: page }, async (_, reply) => reply.header('x-policy', 'relaxed').send('text'));
    for (const request of ['1', '2']) {
      const { headers } = await get('/');
      t.equal(headers['x-request'], request);
      t.equal(headers['x-policy'], 'relaxed');
    }
  },
);

t.test(
  "a route's own onRequest hooks run before the page layer looks, its others after it, on a hit too",
  async (t) => {
    const [memory] = storeKinds;
    if (!memory) throw new Error('there is a memory store');
    const { app, get } = await pageLayer(t, await memory.open(t));
    const seen: string[] = [];
    app.get(
      '/',
      {
        config: page,
        onRequest: async () => void seen.push('onRequest'),
        onSend: [async (_request, reply) => void seen.push(String(reply.getHeader('cache-status')))],
      },
      async () => 'text',
    );
    await get('/');
    await get('/');
    t.same(seen, [
      'onRequest',
      'property-listings; fwd=uri-miss; stored',
      'onRequest',
      'property-listings; hit; ttl=60',
    ]);
  },
);

t.test("what a route's own onRequest hook refuses is refused on a hit too", async (t) => {
  const [memory] = storeKinds;
  if (!memory) throw new Error('there is a memory store');
  const { app, get } = await pageLayer(t, await memory.open(t));
  const onRequest = async ({ headers }: FastifyRequest, reply: FastifyReply) => {
    if (headers['x-key'] !== 'right') return reply.code(401).send('refused');
  };
  app.get('/', { config: page, onRequest }, async () => 'secret');
  for (const _ of ['stored', 'hit']) t.equal((await get('/', { 'x-key': 'right' })).body, 'secret');
  const refused = await get('/');
  t.same([refused.statusCode, refused.body], [401, 'refused']);
});

t.test('what makes a page another one, and what does not', async (t) => {
  const [memory] = storeKinds;
  if (!memory) throw new Error('there is a memory store');
  const { app, get, statusOf } = await pageLayer(t, await memory.open(t));
  const echo = async ({ url }: { url: string }) => url;
  const querystring = { type: 'object', properties: { page: {}, sort: {} } };
  app.get('/search', { config: page, schema: { querystring } }, echo);
  app.get('/:a/:b', { config: page }, echo);
  app.get('/files/*', { config: page }, echo);
  app.get('/plain', echo);
  const differ = [
    '/search',
    '/search?page=1',
    '/search?page=2',
    '/search?page=',
    '/search?page=1&page=2',
    '/search?page=2&page=1',
    '/search?sort=1',
    '/search?page=1%26sort%3D1',
    '/search?page=1&sort=1',
    '/x%2Fy/z',
    '/x/y%2Fz',
    '/x/y%3Fpage=1',
    '/x/y',
    '/files/a',
    '/files/a/b',
    '/files/a%3Fb',
  ];
  for (const url of differ) t.equal((await get(url)).body, url);
  for (const [url, same] of [
    ['/search?utm=1', '/search'],
    ['/search/?page=1&utm=1', '/search?page=1'],
    ['/search?sort=1&page=1', '/search?page=1&sort=1'],
    ['/search?utm=1&__proto__=2&page=2&utm=3', '/search?page=2'],
    ['/x/y/?page=1', '/x/y'],
    ['/%78/y', '/x/y'],
  ] as const) {
    const response = await get(url);
    t.equal(response.headers['cache-status'], 'property-listings; hit; ttl=60', url);
    t.equal(response.body, same);
  }
  t.equal(await statusOf('/plain'), undefined, 'a route that does not opt in is no page');
});

t.test('a route that names no tags, or no key, for a request is no page for it', async (t) => {
  const [memory] = storeKinds;
  if (!memory) throw new Error('there is a memory store');
  const { app, get, statusOf, caches } = await pageLayer(t, await memory.open(t));
  const idOf = ({ params }: { params: unknown }): string => Object(params).id;
  const tags = (url: { params: unknown }) => (idOf(url) === 'untagged' ? undefined : ['things']);
  const key = (url: { params: unknown }) => (idOf(url) === 'unnamed' ? undefined : `/${idOf(url)}`);
  app.get('/:id', { config: { pageCache: { ttl: 60, tags, key } } }, async () => 'text');
  for (const none of ['/untagged', '/unnamed']) {
    t.equal(await statusOf(none), undefined);
    t.equal((await get(none, { 'if-none-match': '*' })).statusCode, 200);
  }
  t.equal(await statusOf('/some'), 'property-listings; fwd=uri-miss; stored');
  t.equal(caches.counters.layers.pages.local.misses, 1);
});
