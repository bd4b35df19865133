import { once } from 'node:events';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import t from 'tap';
import { applyMigrations } from '../../src/database/migrate/migrate.ts';
import { EVERYTHING } from '../../src/features/properties/tags.ts';
import { noRoute } from '../../src/http/no-route.ts';
import { answerProblem, problems } from '../../src/http/problems.ts';
import { logFastPathHits, RequestLog } from '../../src/http/request-log.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { build, invalidationOf, LISTING, settled, write } from '../helpers/app.ts';
import { proxyTo } from '../helpers/proxy.ts';

const app = await build(t);

for (const [what, request, expected] of [
  [
    'an unknown route',
    { url: '/nowhere?secret=1' },
    {
      title: 'Not Found',
      status: 404,
      detail: 'There is no GET /nowhere here. GET /openapi.json lists every route',
      code: 'PL_ROUTE_NOT_FOUND',
    },
  ],
  [
    'an unknown route with a body that is no JSON',
    { method: 'POST', url: '/nowhere', headers: { 'content-type': 'application/json' }, payload: '{' },
    {
      title: 'Not Found',
      status: 404,
      detail: 'There is no POST /nowhere here. GET /openapi.json lists every route',
      code: 'PL_ROUTE_NOT_FOUND',
    },
  ],
  [
    'an asset of /docs that is not there',
    { url: '/docs/static/nothing.js' },
    {
      title: 'Not Found',
      status: 404,
      detail: 'There is no GET /docs/static/nothing.js here. GET /openapi.json lists every route',
      code: 'PL_ROUTE_NOT_FOUND',
    },
  ],
  [
    'a malformed URL',
    { url: '/%zz' },
    {
      title: 'Bad Request',
      status: 400,
      detail: "'/%zz' is not a valid url component",
      code: 'FST_ERR_BAD_URL',
    },
  ],
  [
    'a row that is not there',
    { url: '/properties/9/' },
    {
      title: 'Not Found',
      status: 404,
      detail: 'There is no property 9',
      code: 'PL_PROPERTY_NOT_FOUND',
    },
  ],
  [
    'a bad id',
    { url: '/properties/x/' },
    {
      title: 'Bad Request',
      status: 400,
      detail: 'id must be a whole number from 1 to 2147483647',
      code: 'FST_ERR_VALIDATION',
      errors: [{ in: 'params', field: 'id', message: 'must be a whole number from 1 to 2147483647' }],
    },
  ],
  [
    'a write without a key',
    { method: 'POST', url: '/properties/' },
    {
      title: 'Unauthorized',
      status: 401,
      detail: 'Writing needs a key: send Authorization: Bearer <key>',
      code: 'PL_WRITE_KEY_REQUIRED',
    },
  ],
] as const) {
  t.test(`${what} answers a problem with exactly these members, never to be stored`, async (t) => {
    const response = await app.inject(request);
    t.equal(response.statusCode, expected.status);
    t.equal(response.headers['content-type'], 'application/problem+json');
    t.equal(response.headers['cache-control'], 'no-store');
    const request_id = response.headers['x-request-id'];
    t.match(request_id, /^[0-9a-z]+-[0-9a-z]+$/);
    t.strictSame(response.json(), { type: 'about:blank', ...expected, request_id });
  });
}

t.test('a path longer than any id answers 414, not a crash', async (t) => {
  const response = await app.inject(`/properties/${'1'.repeat(5000)}/`);
  t.equal(response.statusCode, 414);
  t.equal(response.headers['content-type'], 'application/problem+json');
});

const ALLOWED = {
  '/properties/': 'GET, HEAD, OPTIONS, POST',
  '/properties/1/': 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT',
  '/properties/cache-metrics/': 'GET, HEAD, OPTIONS',
  '/health/live': 'GET, HEAD, OPTIONS',
  '/health/ready': 'GET, HEAD, OPTIONS',
  '/dashboard/events': 'GET, HEAD, OPTIONS',
  '/dashboard/uplot.css': 'GET, HEAD, OPTIONS',
  '/openapi.json': 'GET, HEAD, OPTIONS',
  '/docs': 'GET, HEAD, OPTIONS',
  '/docs/static/index.css': 'GET, HEAD, OPTIONS',
};

for (const [path, allow] of Object.entries(ALLOWED)) {
  t.test(`${path} answers 405 with Allow to what it does not know, with and without its slash`, async (t) => {
    const others = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'QUERY', 'PROPFIND'] as const;
    for (const url of [path, path.endsWith('/') ? path.slice(0, -1) : `${path}/`]) {
      for (const method of others.filter((name) => !allow.split(', ').includes(name))) {
        const response = await app.inject({
          method: method as 'GET',
          url,
          headers: { 'content-type': 'application/json' },
          payload: '{ no JSON',
        });
        t.equal(response.statusCode, 405, method);
        t.equal(response.headers.allow, allow);
        t.strictSame(response.json(), {
          type: 'about:blank',
          title: 'Method Not Allowed',
          status: 405,
          detail: `${method} is not allowed here: use ${allow}`,
          code: 'PL_METHOD_NOT_ALLOWED',
          request_id: response.headers['x-request-id'],
        });
      }
      const options = await app.inject({ method: 'OPTIONS', url });
      t.equal(options.statusCode, 204);
      t.equal(options.headers.allow, allow);
      t.equal(options.body, '');
    }
  });
}

t.test('a bug answers 500, says nothing of itself, and is logged', async (t) => {
  const lines: string[] = [];
  const app = Fastify({
    logger: { level: 'error', stream: { write: (line: string) => void lines.push(line) } },
    frameworkErrors: answerProblem,
  });
  t.teardown(() => app.close());
  await app.register(problems);
  app.get('/error', async () => {
    throw Object.assign(new Error('the password is swordfish'), { code: 'SECRET' });
  });
  app.get('/string', async () => {
    throw 'the password is swordfish';
  });
  app.get('/odd-status', async () => {
    throw Object.assign(new Error('teapot'), { statusCode: 499 });
  });
  for (const url of ['/error', '/string']) {
    const response = await app.inject(url);
    t.strictSame(response.json(), {
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'Something went wrong here. The log has the details',
      code: 'PL_INTERNAL',
      request_id: response.headers['x-request-id'],
    });
    t.match(lines.pop(), /swordfish/);
  }
  t.match((await app.inject('/odd-status')).json(), {
    title: 'Error',
    status: 499,
    detail: 'teapot',
    code: 'PL_BAD_REQUEST',
  });
});

t.test('a schema that describes nothing still gets its field named', async (t) => {
  const app = Fastify();
  t.teardown(() => app.close());
  await app.register(problems);
  app.get(
    '/search',
    { schema: { querystring: { type: 'object', properties: { page: { type: 'integer' } } } } },
    () => '',
  );
  t.same((await app.inject('/search?page=x')).json().errors, [
    { in: 'querystring', field: 'page', message: 'must be integer' },
  ]);
});

t.test('a field of a list is named with its index, and of many fields ten in a sentence', async (t) => {
  const app = Fastify({ ajv: { customOptions: { allErrors: true } } });
  t.teardown(() => app.close());
  await app.register(problems);
  const thing = {
    type: 'object',
    properties: {
      price: { type: 'integer' },
      size: { type: 'object', properties: { width: { type: 'integer' } } },
    },
    required: ['price'],
    additionalProperties: false,
  };
  app.post('/things', { schema: { body: { type: 'array', items: thing } } }, () => '');
  const post = async (payload: object) => {
    const response = await app.inject({ method: 'POST', url: '/things', payload });
    t.equal(response.statusCode, 400);
    return response.json();
  };
  const { errors, detail } = await post([{ price: 1 }, {}, { price: 'x', size: { width: 'y' } }, 5, {}]);
  t.same(
    errors.map(({ field }: { field: string }) => field),
    ['1.price', '2.price', '2.size.width', '3', '4.price'],
  );
  t.match(detail, /^1\.price .+; 2\.price .+; 2\.size\.width .+; 3 .+; 4\.price [^;]+$/);
  t.same((await post({})).errors[0].field, 'body');

  const wrong = (count: number) => Array.from({ length: count }, () => ({}));
  const ten = await post(wrong(10));
  t.equal(ten.detail.split('; ').length, 10);
  t.match(ten.detail, /; 9\.price [^;]+$/);
  const twelve = await post(wrong(12));
  t.equal(twelve.detail, `${ten.detail}; and 2 more: see errors`);
  t.equal(twelve.errors.length, 12);
});

t.test('the log has one line a request, with what the cache did and what went wrong', async (t) => {
  const lines: string[] = [];
  const app = Fastify({
    logger: { stream: { write: (line: string) => void lines.push(line) } },
    logController: new RequestLog(),
  });
  t.teardown(() => app.close());
  await app.register(problems);
  await app.register(noRoute);
  app.get('/page', async (_, reply) => reply.header('cache-status', 'x; hit').send('text'));
  app.get('/broken', async (_, reply) => {
    reply.hijack();
    reply.raw.destroy(new Error('the pipe broke'));
  });
  await app.inject('/page?q=1');
  await app.inject('/nowhere');
  await app.inject('/broken').catch(() => {});
  const [page, nowhere, broken, ...rest] = lines.map((line) => JSON.parse(line));
  t.match(page, { level: 30, method: 'GET', url: '/page?q=1', status: 200, ms: Number, cache: 'x; hit' });
  t.match(nowhere, { level: 30, method: 'GET', url: '/nowhere', status: 404 });
  t.notOk('cache' in nowhere);
  t.match(broken, { level: 50, url: '/broken', err: { message: 'the pipe broke' } });
  t.same(rest, []);
});

t.test(
  'a hit that was answered before the router has the same line, while lines of its level are written',
  (t) => {
    const lines: string[] = [];
    const output = { write: (line: string) => void lines.push(line) };
    const hit = { method: 'GET', url: '/a?"b"', route: '/a', status: 304, cacheStatus: 'x; hit' } as const;
    for (const level of ['warn', 'silent']) logFastPathHits(output, level)(hit, 1, 'id');
    logFastPathHits(undefined, 'info')(hit, 1, 'id');
    t.same(lines, []);
    const log = logFastPathHits(output, 'info');
    for (const elapsed of [0.04, 12.34]) log(hit, elapsed, `id-${elapsed}`);
    const fields = { method: 'GET', url: '/a?"b"', status: 304, cache: 'x; hit', msg: 'request' };
    for (const [index, [ms, request_id]] of [
      [0, 'id-0.04'],
      [12.3, 'id-12.34'],
    ].entries()) {
      const line = JSON.parse(lines[index] ?? '');
      t.ok(Math.abs(line.time - Date.now()) < 60_000);
      t.same(line, {
        level: 30,
        time: line.time,
        pid: process.pid,
        hostname: hostname(),
        request_id,
        ...fields,
        ms,
      });
    }
    t.end();
  },
);

t.test('a table that is not as expected answers 500 without SQL or names in it', async (t) => {
  const app = await build(t);
  const sql = (text: string) => execute(app.config.DATABASE_URL ?? '', text);
  await sql('ALTER TABLE properties_property RENAME TO gone');
  for (const response of [
    await app.inject('/properties/'),
    await app.inject('/properties/1/'),
    await write(app, 'POST', '/properties/', LISTING),
  ]) {
    t.equal(response.statusCode, 500);
    t.equal(response.json().detail, 'Something went wrong here. The log has the details');
    t.notMatch(response.body, /gone|relation|prisma|properties_property/i);
  }
  await sql('ALTER TABLE gone RENAME TO properties_property');
  t.equal((await settled(app, () => write(app, 'POST', '/properties/', LISTING))).statusCode, 201);
});

t.test('what is no HTTP is answered as a problem, and a connection that is reset is let go', async (t) => {
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const say = (request: string) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(request);
    return text(socket);
  };
  const garbage = await say('FOO /properties/ HTTP/1.1\r\nHost: x\r\n\r\n');
  t.match(
    garbage,
    /^HTTP\/1\.1 400 Bad Request\r\nX-Request-Id: \S+\r\nContent-Type: application\/problem\+json\r\n/,
  );
  t.match(JSON.parse(garbage.slice(garbage.indexOf('\r\n\r\n'))), { type: 'about:blank', status: 400 });
  t.match(await say(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);

  const errored = once(app.server, 'clientError');
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('GET /properties/ HTTP/1.1\r\n');
  await once(app.server, 'connection');
  socket.resetAndDestroy();
  await errored;
  t.match(await say('GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200/);
});

t.test(
  'a table that was made anew, as prisma migrate reset does, is not answered from the cache',
  async (t) => {
    const url = await scratchDatabase(t);
    const app = await build(t, { DATABASE_URL: url });
    await settled(app, () => write(app, 'POST', '/properties/', LISTING));
    t.equal((await app.inject('/properties/')).json().properties.length, 1);
    const heard = invalidationOf(app, EVERYTHING);
    await execute(url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await applyMigrations(url, join(packageRoot, 'prisma/migrations'));
    await heard;
    t.equal((await app.inject('/properties/')).body, '{"properties":[]}');
  },
);

t.test(
  'a database out of reach answers 503 with Retry-After, of writes alone that they may have been made, and works again by itself',
  async (t) => {
    const network = await proxyTo(t, await scratchDatabase(t));
    const app = await build(t, { DATABASE_URL: network.url });
    await network.cut();
    const read = 'The database does not answer: try again';
    const written =
      'The database does not answer. The write may have been made all the same: read first, then try again';
    for (const [detail, response] of [
      [read, await app.inject('/properties/')],
      [read, await app.inject('/properties/1/')],
      [written, await write(app, 'POST', '/properties/', LISTING)],
      [written, await write(app, 'PATCH', '/properties/1/', { title: 'T' })],
      [written, await write(app, 'DELETE', '/properties/1/')],
    ] as const) {
      t.equal(response.statusCode, 503);
      t.equal(response.headers['retry-after'], '1');
      t.equal(response.headers['content-type'], 'application/problem+json');
      t.strictSame(response.json(), {
        type: 'about:blank',
        title: 'Service Unavailable',
        status: 503,
        detail,
        code: 'PL_DATABASE_UNAVAILABLE',
        request_id: response.headers['x-request-id'],
      });
    }
    t.match((await app.inject('/health/ready')).json(), {
      status: 'unavailable',
      dependencies: { postgresql: 'down' },
    });
    t.equal((await app.inject('/health/live')).statusCode, 200);
    await network.mend();
    t.equal((await app.inject('/properties/')).body, '{"properties":[]}');
  },
);

t.test('a client that speaks no HTTP gets a 400 and the connection closed', async (t) => {
  const app = await build(t);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const socket = connect(address.port, '127.0.0.1');
  socket.write('nonsense\r\n\r\n');
  t.match(await text(socket), /^HTTP\/1\.1 400 Bad Request\r\n/);
});
