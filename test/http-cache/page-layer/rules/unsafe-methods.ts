import Fastify, { type HTTPMethods } from 'fastify';
import t from 'tap';
import { createCaches } from '../../../../src/cache/caches.ts';
import { EVERY_PAGE, pageCache } from '../../../../src/http-cache/plugin.ts';
import { storeKinds } from '../../../helpers/stores.ts';
import { pageLayer, TTL } from '../fixture.ts';
import { WatchedStore } from './watched-store.ts';

const HIT = 'property-listings; hit; ttl=60';
const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
const config = { pageCache: { ttl: TTL } };

for (const { name, skip, open } of storeKinds) {
  t.test(`an unsafe method, over ${name}`, { skip }, async (t) => {
    const { app, get, statusOf } = await pageLayer(t, await open(t));
    let loads = 0;
    let status = 200;
    app.get('/:id', { config }, async () => {
      loads += 1;
      return String(loads);
    });
    app.route({
      method: [...UNSAFE],
      url: '/:id',
      handler: async (_, reply) => reply.code(status).send(status === 204 ? undefined : 'done'),
    });
    const isKeptAfter = async (method: HTTPMethods, url = '/1') => {
      await get('/1');
      await app.inject({ method, url });
      return (await statusOf('/1')) === HIT;
    };

    t.test('invalidates the page of its URL when it succeeds', async (t) => {
      for (const method of UNSAFE) {
        for (status of [200, 201, 204, 303]) t.notOk(await isKeptAfter(method), `${method} with ${status}`);
      }
    });

    t.test('invalidates nothing when it fails', async (t) => {
      for (const method of UNSAFE) {
        for (status of [400, 404, 500, 503]) t.ok(await isKeptAfter(method), `${method} with ${status}`);
      }
    });

    t.test('leaves the pages of other URLs alone', async (t) => {
      status = 200;
      for (const method of UNSAFE) t.ok(await isKeptAfter(method, '/2'), method);
    });

    t.test('has invalidated before it is answered, and whatever the query and the slash', async (t) => {
      status = 200;
      for (const url of ['/1/', '/1?undeclared=1', '/%31']) t.notOk(await isKeptAfter('POST', url), url);
    });
  });
}

t.test('a safe method that is not GET invalidates nothing', async (t) => {
  const { app, get, statusOf } = await pageLayer(t, new WatchedStore());
  app.get('/', { config }, async () => 'page');
  app.route({ method: 'OPTIONS', url: '/', handler: async () => 'done' });
  await get('/');
  for (const method of ['OPTIONS', 'HEAD'] as const) {
    await app.inject({ method, url: '/' });
    t.equal(await statusOf('/'), HIT, method);
  }
});

t.test('of the tags that a route names, the first, that of its own resource, is invalidated', async (t) => {
  const { app, get, statusOf } = await pageLayer(t, new WatchedStore());
  const tags = ({ params }: { params: unknown }) => [`thing:${Object(params).id}`, 'things'];
  app.get('/:id', { config: { pageCache: { ttl: TTL, tags } } }, async () => 'page');
  app.delete('/:id', async () => 'done');
  for (const url of ['/1', '/2']) await get(url);
  await app.inject({ method: 'DELETE', url: '/1' });
  t.match(await statusOf('/1'), /fwd=/);
  t.equal(await statusOf('/2'), HIT);
});

t.test('it invalidates nothing where the plugin is told that others do', async (t) => {
  const caches = createCaches({ store: new WatchedStore(), everything: [EVERY_PAGE], staleIfError: 0 });
  const app = Fastify();
  t.teardown(async () => {
    await app.close();
    await caches.close();
  });
  await app.register(pageCache, { caches, unsafeMethods: 'ignore' });
  app.get('/', { config }, async () => 'page');
  app.post('/', async () => 'done');
  await app.inject('/');
  t.equal((await app.inject({ method: 'POST', url: '/' })).statusCode, 200);
  t.equal((await app.inject('/')).headers['cache-status'], HIT);
});
