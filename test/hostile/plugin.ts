import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { createCaches } from '../../src/cache/caches.ts';
import { RedisStore } from '../../src/cache/redis/redis-store.ts';
import { MemoryStore } from '../../src/cache/stores/memory-store.ts';
import type { Store } from '../../src/cache/stores/store.ts';
import { EVERY_PAGE, pageCache } from '../../src/http-cache/plugin.ts';
import { skipWithoutRedis } from '../../support/redis.ts';
import { fronted } from '../helpers/fronted.ts';
import { SHAPE } from '../helpers/page-shapes.ts';
import { openRedis } from '../helpers/stores.ts';
import { PATIENT_CACHES } from '../helpers/times.ts';
import { attackOn, portOf, writtenKeys } from './fixture.ts';
import { harmTo } from './model.ts';
import { KeptConnection, type RawAnswer } from './raw-http.ts';
import { FIELDS, type Hostile, hostile, MARK, namesOf, pipelines, shapesOf, targetsOf } from './shapes.ts';

/** The plugin on a small application. The model is the same application without the plugin. */

const RUNS = 12;
const TTL = 600;

/** Fewer than the service knows, so that few requests are more. */
const MAX_EARLY_URLS = 100;

const TAG = 'things';
const STORE_BYTES = 64 * 1024 * 1024;

/** Long enough to be worth an encoded variant. */
const FILLER = 'Bright and quiet. '.repeat(100);

const page = { pageCache: { ttl: TTL, tags: [TAG] } };

/** Every kind of page, and one route that is none. */
function addRoutes(app: FastifyInstance): void {
  const querystring = { type: 'object', properties: { page: { type: 'string' }, sort: { type: 'string' } } };
  app.get('/search', { config: page, schema: { querystring } }, async ({ query }) => {
    const { page = null, sort = null } = Object(query);
    return { page, sort, FILLER };
  });
  app.get('/greeting', { config: page }, async ({ headers }, reply) => {
    reply.header('vary', 'Accept-Language');
    return { language: languageOf(headers['accept-language']), FILLER };
  });
  app.get('/files/*', { config: page }, async ({ params }) => ({ file: Object(params)['*'], FILLER }));
  app.get(
    '/through/*',
    { config: { pageCache: { freshness: 'response', key: ({ url }) => url } } },
    async ({ url }, reply) => {
      reply.header('cache-control', 'max-age=600');
      return { url, FILLER };
    },
  );
  app.get('/own', { config: page }, async (_, reply) => reply.header('cache-control', 'private').send('own'));
  app.get('/plain', async () => 'plain');
}

const languageOf = (field: string | undefined) => (field ?? 'none').trim().toLowerCase().slice(0, 20);

const PAGES = ['/search', '/search?page=2', '/greeting', '/files/a/b', '/through/a', '/own'];

/** What the innocent client asks for, in a coding or another, and what it must get: written down, not asked. */
const INNOCENT: readonly (readonly [target: string, fields: readonly string[], body: object])[] = [
  ['/search', [], { page: null, sort: null, FILLER }],
  ['/search?page=2', [], { page: '2', sort: null, FILLER }],
  ['/search?sort=a&page=2', [], { page: '2', sort: 'a', FILLER }],
  ['/greeting', [], { language: 'none', FILLER }],
  ['/greeting', ['Accept-Language: de'], { language: 'de', FILLER }],
  ['/greeting', ['Accept-Language: en, de;q=0.5'], { language: 'en, de;q=0.5', FILLER }],
  ['/files/a/b', [], { file: 'a/b', FILLER }],
  ['/through/a', [], { url: '/through/a', FILLER }],
  ['/through/a?b=1', [], { url: '/through/a?b=1', FILLER }],
];

const CODINGS = [undefined, 'gzip', 'br'];

const kinds = [
  {
    name: 'memory',
    skip: false,
    shapes: [
      ...shapesOf('/greeting'),
      ...['/search?page=2', '/files/a/b', '/through/a'].flatMap((page) => namesOf(page)),
    ],
    open: async () => ({ store: new MemoryStore(STORE_BYTES), size: undefined }),
  },
  {
    name: 'Redis',
    skip: skipWithoutRedis,
    shapes: namesOf('/greeting'),
    open: async (t: Test) => {
      const client = await openRedis(t);
      return { store: new RedisStore(client), size: () => client.dbSize() };
    },
  },
] as const;

for (const { name, skip, shapes, open } of kinds) {
  t.test(`hostile requests to the plugin alone, over ${name}`, { skip }, async (t) => {
    const { store, size } = await open(t);
    const world = await openWorld(t, store);

    t.test(
      'each of them is answered as without a cache, and no other client gets anything of it',
      async (t) => {
        const sent = [...shapes, ...pipelines(FIELDS, PAGES)];
        for (const requests of sent) {
          const fault = await world.run(requests);
          if (fault) t.fail(fault, { requests });
        }
        t.ok(world.innocentHits() > sent.length, 'the innocent client was answered from the cache');
        t.ok(world.fast() > sent.length, 'and before the router');
      },
    );

    t.test('so are any of them together', async (t) => {
      const targets = PAGES.flatMap(targetsOf);
      const packet = fc.array(hostile(targets, PAGES), { minLength: 1, maxLength: 3 });
      const property = fc.asyncProperty(fc.array(packet, { minLength: 1, maxLength: 6 }), async (packets) => {
        for (const requests of packets) {
          const fault = await world.run(requests);
          if (fault) throw new Error(fault);
        }
      });
      await fc.assert(property, { numRuns: RUNS, includeErrorInReport: true });
      t.pass('no run found a fault');
    });

    t.test('what makes no other answer makes no entry', async (t) => {
      await world.flood(1, () => '/search');
      const pages = ['/search', '/files/a/b'];
      const encoded = pages.flatMap((page) =>
        ['', 'br:', 'gzip:'].map((coding) => `pages:${coding}${SHAPE}:${page}`),
      );
      const legitimate = new Set([...world.keys, ...encoded]);
      const stored = (await size?.()) ?? 0;
      await world.flood(120, (index) => `/search?${MARK}=${index}&__proto__=${index}`);
      await world.flood(
        120,
        () => '/search',
        (index) => [`X-Forwarded-Host: ${index}`, `Cookie: a=${index}`],
      );
      await world.flood(
        120,
        () => '/search',
        (index) => [`Accept-Encoding: br;q=0.${index}, x${index}, gzip`],
      );
      await world.flood(
        120,
        () => '/search',
        (index) => [`Accept-Language: ${index}`, `Accept: a/${index}`],
      );
      await world.flood(
        120,
        () => '/files/a/b',
        (index) => [`Range: bytes=${index}-`, `If-None-Match: "${index}"`],
      );
      await world.flood(
        120,
        () => '/search',
        (index) => [`Authorization: ${index}`, `Origin: ${index}`],
      );
      await world.flood(
        120,
        () => '/search',
        (index) => [`Cache-Control: no-cache, x=${index}`],
      );
      for (const key of world.keys) t.ok(legitimate.has(key), key);
      t.ok(((await size?.()) ?? 0) <= stored + encoded.length);
    });

    t.test('the variants of a page are at most so many, whatever is asked for', async (t) => {
      const VARIANTS = 256;
      const ways = ['', 'br, ', 'gzip, '];
      await world.flood(
        900,
        () => '/greeting',
        (index) => [`Accept-Language: x${index}`, `Accept-Encoding: ${ways[index % ways.length]}x`],
      );
      const variants = [...world.keys].filter((key) => key.includes('/greeting'));
      t.ok(variants.length > VARIANTS, 'there are many');
      t.ok(variants.length <= VARIANTS * ways.length + 1, `${variants.length} entries`);
      t.equal(await world.harm(), undefined);
    });

    t.test('so many URLs are known at most, and not for ever', async (t) => {
      await world.flood(3, () => '/search?known');
      t.ok(await world.isFast('/search?known'));
      await world.flood(MAX_EARLY_URLS + 50, (index) => `/search?${MARK}${index}`);
      t.notOk(await world.isFast('/search?known'), 'forgotten');
      t.ok(await world.isFast('/search?known'), 'and known again');
      const long = `/search?${MARK.repeat(73)}`;
      await world.flood(3, () => long);
      t.notOk(await world.isFast(long), 'a long one is not remembered');
    });
  });
}

async function openWorld(t: Test, store: Store) {
  const keys = writtenKeys(store);
  const caches = createCaches({ store, everything: [TAG, EVERY_PAGE], staleIfError: 0, ...PATIENT_CACHES });
  const app = fronted({ routerOptions: { ignoreTrailingSlash: true } });
  const twin = fronted({ routerOptions: { ignoreTrailingSlash: true } });
  let fast = 0;
  let hits = 0;
  let turn = 0;
  const answered = () => {
    fast += 1;
  };
  await app.register(pageCache, {
    caches,
    fastPath: { use: (stage) => app.front.use('fastPath', stage), answered, maxUrls: MAX_EARLY_URLS },
  });
  const connections: KeptConnection[] = [];
  t.teardown(async () => {
    for (const connection of connections) connection.close();
    await Promise.all([app.close(), twin.close()]);
    await caches.close();
  });
  for (const each of [app, twin]) addRoutes(each);
  const ports = { subject: await portOf(app), model: await portOf(twin) };
  const innocent = new KeptConnection(ports.subject);
  const model = new KeptConnection(ports.model);
  connections.push(innocent, model);
  const models: RawAnswer[] = [];
  for (const [target, fields] of INNOCENT) models.push(...(await model.get([target], fields)));

  async function harm(): Promise<string | undefined> {
    const acceptEncoding = CODINGS[turn % CODINGS.length];
    turn += 1;
    const coding = acceptEncoding === undefined ? [] : [`Accept-Encoding: ${acceptEncoding}`];
    for (const [index, [target, fields, body]] of INNOCENT.entries()) {
      if ((turn + index) % 3 !== 0) continue; // A third of them each time.
      const [got] = await innocent.get([target], [...fields, ...coding]);
      const own = models[index];
      if (!got || !own) return 'nothing';
      if (got.headers['cache-status']?.includes('; hit')) hits += 1;
      const harmed = harmTo(got, { body: JSON.stringify(body), model: own, acceptEncoding });
      if (harmed) return `an innocent client got ${harmed} for ${target} ${fields}`;
    }
    return undefined;
  }

  return {
    keys,
    harm,
    fast: () => fast,
    innocentHits: () => hits,
    run: async (requests: readonly Hostile[]) =>
      (await attackOn(ports, innocent, requests)) ?? (await harm()),
    /** Whether the URL is answered before the router. */
    isFast: async (target: string) => {
      const before = fast;
      await innocent.get([target]);
      return fast > before;
    },
    /** So many requests in a few packets. */
    flood: async (
      count: number,
      targetOf: (index: number) => string,
      fieldsOf?: (index: number) => readonly string[],
    ) => {
      const PACKET = 50;
      for (let start = 0; start < count; start += PACKET) {
        const indices = Array.from({ length: Math.min(PACKET, count - start) }, (_, index) => start + index);
        if (!fieldsOf) await innocent.get(indices.map(targetOf));
        else await innocent.getEach(indices.map((index) => [targetOf(index), fieldsOf(index)]));
      }
    },
  };
}
