import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { add, build, LISTING, settled, write } from '../helpers/app.ts';

const app = await build(t);
const document = (await app.inject('/openapi.json')).json();

t.test('the document is OpenAPI 3.1, as JSON', async (t) => {
  const response = await app.inject('/openapi.json');
  t.equal(response.statusCode, 200);
  t.match(response.headers['content-type'], /^application\/json/);
  t.match(document.openapi, /^3\.1\.\d$/);
});

t.test('it lists exactly the routes of the service, each with its statuses', async (t) => {
  const listed = Object.entries<Record<string, { responses: object }>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(
        ([method, { responses }]) => `${method} ${path} ${Object.keys(responses).join(' ')}`,
      ),
  );
  t.same(listed.sort(), [
    'delete /properties/{id}/ 204 400 401 404 412 429 503',
    'get /health/live 200',
    'get /health/ready 200 503',
    'get /properties/ 200 400 503',
    'get /properties/cache-metrics/ 200',
    'get /properties/count/ 200 400 503',
    'get /properties/{id}/ 200 400 404 503',
    'patch /properties/{id}/ 200 400 401 404 412 413 415 429 503',
    'post /properties/ 201 400 401 413 415 429 503',
    'post /properties/bulk/ 201 400 401 413 415 429 503',
    'put /properties/{id}/ 200 400 401 404 412 413 415 429 503',
  ]);
});

t.test('it asks for the write key where one is needed, and nowhere else', async (t) => {
  for (const methods of Object.values<object>(document.paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      t.same(security, method === 'get' ? undefined : [{ writeKey: [] }]);
    }
  }
  t.match(document.components.securitySchemes.writeKey, { type: 'http', scheme: 'bearer' });
});

/** What the document says about an answer, checked with a validator that knows nothing of this service. */
function schemaOf(path: string, method: string, status: number, type = 'application/json') {
  const { content } = document.paths[path][method].responses[status];
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  return ajv.compile(content[type].schema);
}

t.test('every answer is as the document says', async (t) => {
  const created = await settled(app, () => write(app, 'POST', '/properties/', LISTING));
  const { id } = created.json();
  const url = `/properties/${id}/`;
  for (const [path, method, response] of [
    ['/properties/', 'post', created],
    ['/properties/', 'get', await app.inject('/properties/')],
    ['/properties/', 'get', await app.inject('/properties/?limit=1')],
    ['/properties/count/', 'get', await app.inject('/properties/count/')],
    [
      '/properties/bulk/',
      'post',
      await settled(app, () => write(app, 'POST', '/properties/bulk/', [LISTING])),
    ],
    ['/properties/{id}/', 'get', await app.inject(url)],
    ['/properties/{id}/', 'put', await settled(app, () => write(app, 'PUT', url, LISTING))],
    ['/properties/{id}/', 'patch', await settled(app, () => write(app, 'PATCH', url, { price: 1 }))],
    ['/properties/cache-metrics/', 'get', await app.inject('/properties/cache-metrics/')],
    ['/health/live', 'get', await app.inject('/health/live')],
    ['/health/ready', 'get', await app.inject('/health/ready')],
  ] as const) {
    const validate = schemaOf(path, method, response.statusCode);
    t.ok(validate(response.json()), `${method} ${path} ${JSON.stringify(validate.errors)}`);
  }
  for (const [path, method, response] of [
    ['/properties/', 'post', await write(app, 'POST', '/properties/', { price: -1 })],
    ['/properties/', 'post', await app.inject({ method: 'POST', url: '/properties/' })],
    ['/properties/', 'get', await app.inject('/properties/?colour=red')],
    ['/properties/count/', 'get', await app.inject('/properties/count/?limit=1')],
    ['/properties/bulk/', 'post', await write(app, 'POST', '/properties/bulk/', [{}])],
    ['/properties/{id}/', 'get', await app.inject('/properties/x/')],
    ['/properties/{id}/', 'delete', await write(app, 'DELETE', '/properties/999/')],
  ] as const) {
    const validate = schemaOf(path, method, response.statusCode, 'application/problem+json');
    t.ok(validate(response.json()), `${method} ${path} ${JSON.stringify(validate.errors)}`);
  }
});

t.test('a listing made of its examples is accepted, and answered with its examples', async (t) => {
  const { properties } = document.paths['/properties/'].post.requestBody.content['application/json'].schema;
  const example = Object.fromEntries(
    Object.entries<{ examples: unknown[] }>(properties).map(([name, { examples }]) => [name, examples[0]]),
  );
  t.same(Object.keys(example), ['title', 'description', 'price', 'location']);
  const listing = await add(app, example);
  t.match(listing, example);
  const answered = document.paths['/properties/'].post.responses[201].content['application/json'].schema;
  t.same(answered.required, Object.keys(listing));
  t.same(Object.keys(answered.properties), Object.keys(listing));
  for (const name of Object.keys(example)) t.same(answered.properties[name].examples, [example[name]]);
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
