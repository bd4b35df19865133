import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { execute } from '../../../support/database.ts';
import { build, empty, write } from '../../helpers/app.ts';

/** Lists that are too large to be kept are streamed: real sockets, because what matters is which requests wait for which. */
const app = await build(t, { LOG_LEVEL: 'silent' });
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
const sql = (text: string) => execute(app.config.DATABASE_URL ?? '', text);

/** 40 listings of a megabyte: more than the 32 MB that are kept. */
const LARGE = 40;

await fill();

async function fill() {
  await empty(app);
  await sql(`INSERT INTO properties_property (title, description, price, location)
    SELECT 'Flat ' || n, repeat('x', 1000000), n, 'Accra' FROM generate_series(1, ${LARGE}) AS n`);
}

/** A response whose body is not read yet. */
function open(t: Test, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false }, resolve).on('error', reject);
    t.teardown(() => request.destroy());
  });
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Sessions that are reading a list now. */
async function streams(): Promise<number> {
  const { rowCount } = await sql(
    "SELECT FROM pg_stat_activity WHERE application_name = 'property-listings stream' AND state <> 'idle' AND datname = current_database()",
  );
  return rowCount ?? 0;
}

const titlesIn = (body: string): string[] =>
  JSON.parse(body).properties.map(({ title }: { title: string }) => title);

const TITLES = Array.from({ length: LARGE }, (_, index) => `Flat ${index + 1}`);

t.test('a list that is too large to be kept is sent whole, and says so', async (t) => {
  for (let request = 1; request <= 2; request += 1) {
    const response = await open(t, '/properties/');
    t.equal(response.statusCode, 200);
    t.equal(response.headers['cache-status'], 'property-listings; fwd=uri-miss; detail=too-large');
    t.equal(response.headers['content-type'], 'application/json; charset=utf-8');
    t.equal(response.headers.etag, undefined);
    t.same(titlesIn(await bodyOf(response)), TITLES);
  }
});

t.test('so is a filtered one of more than 4 MB, in its order', async (t) => {
  const response = await open(t, '/properties/?sort=-price&min_price=11&location=accra');
  t.match(response.headers['cache-status'], /detail=too-large$/);
  t.same(titlesIn(await bodyOf(response)), TITLES.slice(10).reverse());
});

t.test('by relevance too', async (t) => {
  await sql(
    `UPDATE properties_property SET title = 'Hut', description = description || ' flat' WHERE id = 1`,
  );
  const response = await open(t, '/properties/?q=flat');
  t.match(response.headers['cache-status'], /detail=too-large$/);
  t.same(titlesIn(await bodyOf(response)), [...TITLES.slice(1)]);
  await fill();
});

t.test('whatever is in the texts, it is the JSON that others get', async (t) => {
  const odd = `E'a\\\\b\\tc\\nd"e\\\\\\\\ü€😀\\u2028'`;
  await sql(
    `UPDATE properties_property SET description = description || repeat(${odd}, 1000 + id) WHERE id % 2 = 0`,
  );
  const { properties } = JSON.parse(await bodyOf(await open(t, '/properties/')));
  for (const property of properties)
    t.same(property, (await app.inject(`/properties/${property.id}/`)).json());
  await fill();
});

t.test('a filtered list of less is kept', async (t) => {
  const url = '/properties/?max_price=2';
  t.match((await app.inject(url)).headers['cache-status'], /stored/);
  t.match((await app.inject(url)).headers['cache-status'], /hit/);
});

t.test('a page ends before it becomes too long, and the next one goes on', async (t) => {
  const seen: string[] = [];
  let pages = 0;
  for (let next: string | null = '/properties/?limit=30'; next; pages += 1) {
    const page: { properties: { title: string }[]; next: string | null } = (await app.inject(next)).json();
    seen.push(...page.properties.map(({ title }) => title));
    next = page.next;
  }
  t.same(seen, TITLES);
  t.equal(pages, 10, 'four megabytes each');
});

t.test('HEAD opens no stream', async (t) => {
  const response = await app.inject({ method: 'HEAD', url: '/properties/' });
  t.equal(response.statusCode, 200);
  t.match(response.headers['cache-status'], /detail=too-large$/);
  t.equal(await streams(), 0);
});

t.test('it is one moment of the table, however long it takes to read', async (t) => {
  const response = await open(t, '/properties/');
  await sql('DELETE FROM properties_property WHERE id > 20');
  t.equal(titlesIn(await bodyOf(response)).length, LARGE);
  await fill();
});

t.test('a client that hangs up ends its stream', async (t) => {
  const response = await open(t, '/properties/');
  t.equal(await streams(), 1);
  response.destroy();
  while ((await streams()) > 0) {}
  t.pass('the connection is free again');
});

t.test('so does one that hangs up before it has an answer', async (t) => {
  for (let delay = 0; delay <= 60; delay += 5) {
    const request = get({ host: '127.0.0.1', port, path: '/properties/?sort=-id', agent: false }).on(
      'error',
      () => {},
    );
    await new Promise((resolve) => setTimeout(resolve, delay)); // Anywhere between the request and its answer.
    request.destroy();
  }
  while ((await streams()) > 0) {}
  const four = await Promise.all(Array.from({ length: 4 }, () => open(t, '/properties/?sort=-id')));
  t.same(
    four.map(({ statusCode }) => statusCode),
    [200, 200, 200, 200],
    'all four connections are there',
  );
  for (const response of four) response.destroy();
  while ((await streams()) > 0) {}
});

t.test('streams after the fourth wait and are refused; no other request is', async (t) => {
  const slow = await Promise.all(Array.from({ length: 4 }, () => open(t, '/properties/')));
  t.equal(await streams(), 4);
  const fifth = open(t, '/properties/');
  t.equal((await app.inject('/properties/1/')).statusCode, 200);
  t.equal((await app.inject('/properties/?limit=1')).statusCode, 200);
  const listing = { title: 'New', description: 'New.', price: 1, location: 'Tema' };
  t.equal((await write(app, 'POST', '/properties/', listing)).statusCode, 201);
  const { statusCode, headers } = await fifth;
  t.equal(statusCode, 503);
  t.equal(headers['retry-after'], '1');
  for (const response of slow) response.destroy();
  while ((await streams()) > 0) {}
  t.equal((await open(t, '/properties/')).statusCode, 200, 'and then there is room again');
});

t.test('a stream whose database goes away ends without its end', async (t) => {
  const response = await open(t, '/properties/');
  await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'property-listings stream' AND datname = current_database()`);
  await t.rejects(bodyOf(response), { code: 'ECONNRESET' });
});
