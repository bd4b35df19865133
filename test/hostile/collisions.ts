import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { createCaches } from '../../src/cache/caches.ts';
import { MemoryStore } from '../../src/cache/stores/memory-store.ts';
import { EVERY_PAGE, pageCache } from '../../src/http-cache/plugin.ts';
import { fronted } from '../helpers/fronted.ts';
import { portOf } from './fixture.ts';
import { decoded, KeptConnection } from './raw-http.ts';

/** Requests that a route answers differently, so that neither may be given the other's page. */

const page = { pageCache: { ttl: 600, tags: ['things'] } };
const querystring = { type: 'object', properties: { page: { type: 'string' } } };
const inOneBucket = { buckets: 1, key: ({ url }: { url: string }) => url };
const echoPage = async ({ query }: { query: unknown }) => `page ${Object(query).page}`;

type RawRequest = readonly [target: string, fields?: readonly string[]];

interface Collision {
  readonly routes: (app: FastifyInstance) => void;
  readonly first: RawRequest;
  readonly second: RawRequest;
}

const host = (name: string) => [`Host: ${name}.example`];

const collisions: Record<string, Collision> = {
  'two query parameters that the schema declares': {
    routes: (app) => app.get('/a', { config: page, schema: { querystring } }, echoPage),
    first: ['/a?page=1'],
    second: ['/a?page=2'],
  },
  'two hosts, where the response says that it differs between them': {
    routes: (app) =>
      app.get('/a', { config: page }, async ({ host }, reply) => reply.header('vary', 'host').send(host)),
    first: ['/a', host('a')],
    second: ['/a', host('b')],
  },
  'two URLs in one bucket': {
    routes: (app) =>
      app.get('/a', { config: { pageCache: { ...page.pageCache, ...inOneBucket } } }, async ({ url }) => url),
    first: ['/a?page=1'],
    second: ['/a?page=2'],
  },
  'two URLs in one bucket, in several codings': {
    routes: (app) =>
      app.get(
        '/a',
        { config: { pageCache: { ...page.pageCache, ...inOneBucket } } },
        async ({ url }, reply) => reply.type('text/plain').send(url.repeat(1_000)),
      ),
    first: ['/a?page=1', ['Accept-Encoding: gzip']],
    second: ['/a?page=2', ['Accept-Encoding: gzip']],
  },
  'two URLs in one bucket, and differ between hosts': {
    routes: (app) =>
      app.get(
        '/a',
        { config: { pageCache: { ...page.pageCache, ...inOneBucket } } },
        async ({ host, url }, reply) => reply.header('vary', 'host').send(host + url),
      ),
    first: ['/a?page=1', host('a')],
    second: ['/a?page=2', host('b')],
  },
  'two routes with one URL, constrained by host': {
    routes: (app) => {
      for (const host of ['a.example', 'b.example'])
        app.get('/a', { config: page, constraints: { host } }, async () => host);
    },
    first: ['/a', host('a')],
    second: ['/a', host('b')],
  },
  'two routes with one URL, constrained by version': {
    routes: (app) => {
      for (const version of ['1.0.0', '2.0.0'])
        app.get('/a', { config: page, constraints: { version } }, async () => version);
    },
    first: ['/a', ['Accept-Version: 1.x']],
    second: ['/a', ['Accept-Version: 2.x']],
  },
  'two parameters of a schema under its other name, `query`': {
    routes: (app) => app.get('/a', { config: page, schema: Object({ query: querystring }) }, echoPage),
    first: ['/a?page=1'],
    second: ['/a?page=2'],
  },
  'an optional parameter that is absent, and one called undefined': {
    routes: (app) =>
      app.get('/a/:name?', { config: page }, async ({ params }) =>
        Object(params).name === undefined ? 'everybody' : 'somebody',
      ),
    first: ['/a/undefined'],
    second: ['/a'],
  },
};

for (const [what, { routes, first, second }] of Object.entries(collisions)) {
  t.test(`no page is given for another one: ${what}`, async (t) => {
    const caches = createCaches({
      store: new MemoryStore(1024 * 1024),
      everything: ['things', EVERY_PAGE],
      staleIfError: 0,
    });
    const cached = fronted();
    const plain = fronted();
    await cached.register(pageCache, {
      caches,
      fastPath: { use: (stage) => cached.front.use('fastPath', stage), answered: () => {} },
    });
    const clients: KeptConnection[] = [];
    t.teardown(async () => {
      for (const client of clients) client.close();
      await Promise.all([cached.close(), plain.close()]);
      await caches.close();
    });
    for (const app of [cached, plain]) {
      routes(app);
      clients.push(new KeptConnection(await portOf(app)));
    }
    const [subject, model] = clients;
    for (const [target, fields] of [first, first, first, second, second, second, first]) {
      const [got] = (await subject?.get([target], fields)) ?? [];
      const [expected] = (await model?.get([target], fields)) ?? [];
      t.equal(got && decoded(got), expected && decoded(expected));
    }
  });
}
