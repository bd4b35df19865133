import Fastify from 'fastify';
import t, { type Test } from 'tap';
import { keyIn } from '../../../src/cache/core/key.ts';
import type { Url } from '../../../src/http-cache/pages/key.ts';
import {
  EVERY_PAGE,
  type PageCacheRoute,
  type PageId,
  type PageRoute,
  pageRoute,
} from '../../../src/http-cache/pages/route.ts';
import { SHAPE } from '../../helpers/page-shapes.ts';

const noSchemas = () => undefined;

const querystring = { type: 'object', properties: { b: { type: 'string' }, a: { type: 'string' } } };

/** How a request to the route `/things/:id` is identified, and what else the route says. */
async function identify(t: Test, config: PageCacheRoute, url = '/things/7') {
  const app = Fastify();
  t.teardown(() => app.close());
  let made: PageRoute | undefined;
  let id: PageId | undefined;
  app.addHook('onRoute', (route) => {
    made ??= pageRoute(route, config, noSchemas);
  });
  app.get('/things/:id', { schema: { querystring } }, async (request) => {
    id = made?.identify(request);
    return '';
  });
  await app.inject({ url });
  return { id, ttl: made?.ttl, compress: made?.compress, byUrlAlone: made?.byUrlAlone };
}

t.test('a route that opted in', async (t) => {
  t.test('names its page by its path and its declared parameters, sorted', async (t) => {
    const { id } = await identify(t, { ttl: 9 }, '/things/7?b=1&x=2&a=3');
    t.equal(id?.key, `${SHAPE}:/things/7?a=3&b=1`);
  });

  t.test('without tags has the page tagged by its key, and as one of all pages', async (t) => {
    const { id } = await identify(t, { ttl: 9 });
    t.same(id?.tags, ['page:/things/7', EVERY_PAGE]);
  });

  t.test('with tags has these alone', async (t) => {
    const { id } = await identify(t, { ttl: 9, tags: ['things'] });
    t.same(id?.tags, ['things']);
  });

  t.test('may make the tags of the URL, its parameters and its query', async (t) => {
    const tags = ({ url, params, query }: Url) => [url, `thing:${Object(params).id}`, `b:${Object(query).b}`];
    const { id } = await identify(t, { ttl: 9, tags }, '/things/7?b=1');
    t.same(id, { key: `${SHAPE}:/things/7?b=1`, tags: ['/things/7?b=1', 'thing:7', 'b:1'] });
  });

  t.test('may say that an URL is that of no page, by its tags or its key', async (t) => {
    const none = () => undefined;
    for (const config of [
      { tags: none },
      { key: none },
      { key: none, tags: ['things'] },
      { key: none, buckets: 2 },
    ]) {
      const { id } = await identify(t, { ttl: 9, ...config });
      t.equal(id, undefined);
    }
  });

  t.test('may name the page itself, and tags follow that', async (t) => {
    const key = ({ params }: Url) => `/mine/${Object(params).id}`;
    const { id } = await identify(t, { ttl: 9, key });
    t.same(id, { key: `${SHAPE}:/mine/7`, tags: ['page:/mine/7', EVERY_PAGE] });
  });

  t.test('may not name it without bounds, or as an encoded variant is named', async (t) => {
    const { id } = await identify(t, { ttl: 9, key: () => `br:${'x'.repeat(1_000)}` });
    t.ok(id?.key.startsWith(`${SHAPE}:/br:`));
    t.equal(id?.key.length, SHAPE.length + 1 + 256);
    t.same(id?.tags, [`page:${id?.key.slice(SHAPE.length + 1)}`, EVERY_PAGE]);
  });

  t.test('decides on freshness with a ttl, or leaves it to the response', async (t) => {
    t.equal((await identify(t, { ttl: 9 })).ttl, 9);
    t.equal((await identify(t, { freshness: 'response' })).ttl, undefined);
  });

  t.test('has encoded variants unless it says otherwise', async (t) => {
    t.equal((await identify(t, { ttl: 9 })).compress, true);
    t.equal((await identify(t, { ttl: 9, compress: false })).compress, false);
  });

  t.test('has none where the response decides: its codings are its own', async (t) => {
    t.equal((await identify(t, { freshness: 'response' })).compress, false);
  });

  t.test('may have its pages take turns in so many buckets', async (t) => {
    const of = async (url: string) => (await identify(t, { ttl: 9, buckets: 1 }, url)).id;
    t.same(await of('/things/7?b=1'), {
      key: keyIn(`${SHAPE}:/things/7?~0`, 'b=1'),
      tags: ['page:/things/7?b=1', EVERY_PAGE],
    });
    t.equal((await of('/things/7?b=2&a=1'))?.key, keyIn(`${SHAPE}:/things/7?~0`, 'a=1&b=2'));
    t.equal((await of('/things/7'))?.key, `${SHAPE}:/things/7`, 'what asks nothing has its own');
    const { id } = await identify(t, { ttl: 9, buckets: 1, key: () => `mine?${'x'.repeat(1_000)}` });
    t.match(id?.key, /:\/mine\?~0\0x+#/);
    t.equal(id?.key.length, SHAPE.length + 1 + 256);
  });

  t.test('is led to by the URL alone, also if it names its pages itself', async (t) => {
    t.equal((await identify(t, { ttl: 9 })).byUrlAlone, true);
    t.equal((await identify(t, { ttl: 9, key: () => '/' })).byUrlAlone, true);
  });

  t.test('is not led to by the URL alone if it has a hook or a constraint', async (t) => {
    const route = { method: 'GET', url: '/', handler: () => '' } as const;
    t.equal(pageRoute(route, { ttl: 9 }, noSchemas).byUrlAlone, true);
    t.equal(pageRoute({ ...route, onRequest: async () => {} }, { ttl: 9 }, noSchemas).byUrlAlone, false);
    t.equal(pageRoute({ ...route, constraints: { host: 'a' } }, { ttl: 9 }, noSchemas).byUrlAlone, false);
  });
});
