import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { COLUMNS, inputsOf } from '../../../src/features/properties/columns.ts';
import { sendLines } from '../../../src/http/openapi.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { add, authorization, build, LISTING, settled, write } from '../../helpers/app.ts';
import { documentOf, type Operation } from '../../helpers/document.ts';

const app = await build(t);
const { document, faultOf } = await documentOf(app);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

t.test('the document is OpenAPI 3.1, as JSON, in the version of the package', async (t) => {
  const response = await app.inject('/openapi.json');
  t.equal(response.statusCode, 200);
  t.match(response.headers['content-type'], /^application\/json/);
  t.match(document.openapi, /^3\.1\.\d$/);
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  t.equal(document.info.version, version);
});

t.test('it lists the operations of the service, each with its statuses', async (t) => {
  const listed = operations.map(
    ({ method, path, operation }) => `${method} ${path} ${Object.keys(operation.responses).join(' ')}`,
  );
  t.same(listed.sort(), [
    'delete /properties/{id}/ 204 400 401 404 409 412 429 503 default',
    'get /health/live 200 default',
    'get /health/ready 200 503 default',
    'get /metrics 200 default',
    'get /openapi.json 200 default',
    'get /properties/ 200 206 304 400 412 416 503 504 default',
    'get /properties/cache-metrics/ 200 default',
    'get /properties/count/ 200 206 304 400 412 416 503 504 default',
    'get /properties/{id}/ 200 206 304 400 404 412 416 503 504 default',
    'patch /properties/{id}/ 200 400 401 404 409 412 413 415 422 429 503 default',
    'post /properties/ 201 400 401 409 412 413 415 422 429 503 default',
    'post /properties/bulk/ 201 400 401 409 412 413 415 422 429 503 default',
    'put /properties/{id}/ 200 400 401 404 409 412 413 415 422 429 503 default',
  ]);
});

/** Pages for browsers with what they are made of, and Fastify's own HEAD beside each GET. */
const NOT_LISTED = /^\/($|docs|dashboard\/)/;

t.test('no route is missing in it but pages, and what they are made of', async (t) => {
  const routes: string[] = [];
  const parents: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', path = '', methods = ''] = /^([│├└─ ]*)(\S+)(?: \((.*)\))?$/.exec(line) ?? [];
    const depth = indent.length / 4;
    parents.splice(depth - 1, Number.POSITIVE_INFINITY, path);
    const names = methods.split(', ').filter((method) => method !== 'HEAD' && method !== '');
    const url = parents.join('').replaceAll(/:(\w+)/g, '{$1}');
    for (const method of names) routes.push(`${method.toLowerCase()} ${url}`);
  }
  t.ok(routes.length > 20);
  t.same(
    routes.filter((route) => !NOT_LISTED.test(route.replace(/^\w+ /, ''))).sort(),
    operations.map(({ method, path }) => `${method} ${path.replace(/\/$/, '')}`).sort(), // As they are printed.
  );
});

t.test(
  'a client can be made of it: each operation has a name, and each reference leads somewhere',
  async (t) => {
    const ids = operations.map(({ operation }) => operation.operationId);
    for (const id of ids) t.match(id, /^[a-z]\w+$/);
    t.equal(new Set(ids).size, ids.length);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, to]) =>
      String(to),
    );
    const { schemas } = document.components;
    t.same(
      [...new Set(references)].sort(),
      Object.keys(schemas)
        .map((name) => `#/components/schemas/${name}`)
        .sort(),
    );
    t.same(Object.keys(schemas).sort(), [
      'BulkListing',
      'CacheMetrics',
      'Count',
      'Listing',
      'ListingInput',
      'ListingPatch',
      'Listings',
      'Liveness',
      'Problem',
      'Readiness',
    ]);
  },
);

t.test('it asks for the write key where one is needed, and nowhere else', async (t) => {
  for (const { method, operation } of operations)
    t.same(operation.security, method === 'get' ? undefined : [{ writeKey: [] }]);
  t.match(document.components.securitySchemes, { writeKey: { type: 'http', scheme: 'bearer' } });
});

t.test('every answer is as the document says: status, type, header fields and body', async (t) => {
  const created = await settled(app, () => write(app, 'POST', '/properties/', LISTING));
  const { id } = created.json();
  const url = `/properties/${id}/`;
  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });
  const list = await get('/properties/');
  const etag = String(list.headers.etag);
  for (const [status, method, path, response] of [
    [201, 'post', '/properties/', created],
    [200, 'get', '/properties/', list],
    [200, 'get', '/properties/', await get('/properties/')],
    [200, 'get', '/properties/', await get('/properties/?limit=1')],
    [304, 'get', '/properties/', await get('/properties/', { 'if-none-match': etag })],
    [206, 'get', '/properties/', await get('/properties/', { range: 'bytes=0-3' })],
    [416, 'get', '/properties/', await get('/properties/', { range: 'bytes=99999-' })],
    [412, 'get', '/properties/', await get('/properties/', { 'if-match': '"x"' })],
    [504, 'get', '/properties/', await get('/properties/?sort=price', { 'cache-control': 'only-if-cached' })],
    [400, 'get', '/properties/', await get('/properties/?colour=red')],
    [417, 'get', '/properties/', await get('/properties/', { expect: 'x' })],
    [200, 'get', '/properties/count/', await get('/properties/count/')],
    [400, 'get', '/properties/count/', await get('/properties/count/?limit=1')],
    [200, 'get', '/properties/{id}/', await get(url)],
    [400, 'get', '/properties/{id}/', await get('/properties/x/')],
    [404, 'get', '/properties/{id}/', await get('/properties/999/')],
    [
      201,
      'post',
      '/properties/bulk/',
      await settled(app, () => write(app, 'POST', '/properties/bulk/', [LISTING])),
    ],
    [400, 'post', '/properties/bulk/', await write(app, 'POST', '/properties/bulk/', [{}])],
    [200, 'put', '/properties/{id}/', await settled(app, () => write(app, 'PUT', url, LISTING))],
    [200, 'patch', '/properties/{id}/', await settled(app, () => write(app, 'PATCH', url, { price: 1 }))],
    [
      415,
      'patch',
      '/properties/{id}/',
      await app.inject({
        method: 'PATCH',
        url,
        headers: { authorization, 'content-type': 'a/b' },
        payload: 'x',
      }),
    ],
    [400, 'post', '/properties/', await write(app, 'POST', '/properties/', { price: -1 })],
    [401, 'post', '/properties/', await app.inject({ method: 'POST', url: '/properties/' })],
    [404, 'delete', '/properties/{id}/', await write(app, 'DELETE', '/properties/999/')],
    [204, 'delete', '/properties/{id}/', await settled(app, () => write(app, 'DELETE', url))],
    [200, 'get', '/properties/cache-metrics/', await get('/properties/cache-metrics/')],
    [200, 'get', '/health/live', await get('/health/live')],
    [200, 'get', '/health/ready', await get('/health/ready')],
    [200, 'get', '/metrics', await get('/metrics')],
    [200, 'get', '/openapi.json', await get('/openapi.json')],
  ] as const) {
    t.equal(response.statusCode, status, `${method} ${path}`);
    t.equal(faultOf(method, path, response), undefined, `${method} ${path} ${status}`);
  }
});

t.test('a range that a page does not have is a problem that says how many bytes there are', async (t) => {
  const url = '/properties/';
  const { length } = Buffer.from((await app.inject(url)).body);
  const response = await app.inject({ url, headers: { range: `bytes=${length}-` } });
  t.equal(response.headers['content-range'], `bytes */${length}`);
  t.equal(response.headers['cache-control'], 'no-store');
  t.match(response.json(), { status: 416, code: 'PL_RANGE_NOT_SATISFIABLE' });
  t.match(response.json().detail, `bytes */${length}`);
});

t.test('the answers of a limit on writes are documented too', async (t) => {
  const limited = await build(t, { WRITE_RATE_LIMIT: '1' });
  for (const status of [201, 429]) {
    const response = await write(limited, 'POST', '/properties/', LISTING);
    t.equal(response.statusCode, status);
    t.equal(faultOf('post', '/properties/', response), undefined);
  }
});

/** What Swagger UI fills in. */
const filledIn = (path: string, { parameters = [] }: Operation) => {
  const query = new URLSearchParams();
  for (const { name, in: where, example } of parameters)
    if (where === 'query' && example !== undefined) query.append(name, String(example));
  return `${path}?${query}`;
};

t.test('the first request that /docs makes of an operation works: what it fills in is right', async (t) => {
  await add(app);
  for (const { path, method, operation } of operations) {
    if (method === 'get' && !path.includes('{')) {
      const response = await app.inject(filledIn(path, operation));
      t.equal(response.statusCode, 200, path);
      if (path === '/properties/') t.not(response.json().properties.length, 0);
    }
  }
  const { content } = document.paths['/properties/bulk/']?.post?.requestBody ?? {};
  t.equal(Object.keys(content ?? {}).length, 4);
  for (const [type, { example }] of Object.entries(content ?? {})) {
    const payload = typeof example === 'string' ? example : JSON.stringify(example);
    const headers = { authorization, 'content-type': type };
    const response = await app.inject({ method: 'POST', url: '/properties/bulk/', headers, payload });
    t.equal(response.statusCode, 201, type);
    t.equal(response.json().properties.length, 2);
  }
});

t.test('/docs sends its example of lines as lines, and everything else as it is', async (t) => {
  const sent = (type: string, body?: string) => sendLines({ headers: { 'Content-Type': type }, body }).body;
  t.equal(sent('application/x-ndjson', JSON.stringify('{}\n{}')), '{}\n{}');
  t.equal(sent('application/jsonl', '{}\n{}'), '{}\n{}');
  t.equal(sent('application/json', '"x"'), '"x"');
  t.equal(sendLines({ headers: {} }).body, undefined);
});

t.test('a listing made of its examples is accepted, and answered with its examples', async (t) => {
  const { ListingInput, Listing } = document.components.schemas;
  const example = Object.fromEntries(
    Object.entries<{ examples: unknown[] }>(ListingInput.properties).map(([name, { examples }]) => [
      name,
      examples[0],
    ]),
  );
  t.same(Object.keys(example), Object.keys(inputsOf(COLUMNS)));
  const listing = await add(app, example);
  t.match(listing, example);
  t.same(Listing.required, Object.keys(listing));
  t.same(Object.keys(Listing.properties), Object.keys(listing));
  for (const name of Object.keys(example)) t.same(Listing.properties[name].examples, [example[name]]);
});

t.test(
  '/docs works under its own policy: every file it links is here, and nothing is elsewhere',
  async (t) => {
    const self = { origin: 'http://localhost' };
    for (const page of ['/docs', '/docs/']) {
      const { statusCode, headers, body } = await app.inject(page);
      t.equal(statusCode, 200);
      t.match(headers['content-type'], /^text\/html/);
      t.equal(
        headers['content-security-policy'],
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; connect-src 'self'; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      t.notMatch(body, /https?:\/\/|\/\/[a-z]/i, 'no external URL');
      t.notMatch(body, /<style|style=|\son[a-z]+=/i, 'nothing inline that the policy blocks');
      t.same(body.match(/<script[^>]*>\s*[^<\s]/g), null, 'no inline script');
      const links = [...body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => String(link));
      t.ok(links.length >= 5);
      for (const link of links) {
        const url = new URL(link, `${self.origin}${page}`);
        t.equal(url.origin, self.origin);
        t.equal((await app.inject(url.pathname)).statusCode, 200, url.pathname);
      }
    }
  },
);

t.test('the page takes the document from here, and asks no validator elsewhere', async (t) => {
  const script = (await app.inject('/docs/static/swagger-initializer.js')).body;
  t.match(script, /"validatorUrl":\s*null/);
  t.same((await app.inject('/docs/json')).json(), document);
});
