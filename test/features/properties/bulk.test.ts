import t from 'tap';
import { locationTag } from '../../../src/features/properties/tags.ts';
import { execute } from '../../../support/database.ts';
import { add, authorization, build, empty, LISTING, settled, write } from '../../helpers/app.ts';

const app = await build(t);
const URL = '/properties/bulk/';
const sql = (text: string) => execute(app.config.DATABASE_URL ?? '', text);
const count = async () => (await sql('SELECT FROM properties_property')).rowCount;
const listings = (number: number) =>
  Array.from({ length: number }, (_, index) => ({ ...LISTING, title: `Flat ${index}` }));

const ndjson = (lines: readonly unknown[], type = 'application/x-ndjson') =>
  app.inject({
    method: 'POST',
    url: URL,
    headers: { authorization, 'content-type': type },
    payload: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  });

t.beforeEach(() => empty(app));

t.test('ten thousand listings, as JSON: added in their order, and answered', async (t) => {
  const response = await settled(app, () => write(app, 'POST', URL, listings(10_000)));
  t.equal(response.statusCode, 201);
  const { properties } = response.json();
  t.equal(properties.length, 10_000);
  t.match(properties[9_999], { id: 10_000, title: 'Flat 9999', price: '1200.00' });
  t.equal((await app.inject('/properties/')).body, response.body, 'in the form of the list');
});

t.test('the shape of the list is taken too, and lines of JSON', async (t) => {
  const wrapped = await write(app, 'POST', URL, { properties: listings(2) });
  t.same(
    wrapped.json().properties.map(({ id }: { id: number }) => id),
    [1, 2],
  );
  for (const type of ['application/x-ndjson', 'application/ndjson; charset=utf-8', 'application/jsonl']) {
    const response = await ndjson([...listings(2), '', `${JSON.stringify(LISTING)}\r`, ''], type);
    t.equal(response.statusCode, 201, type);
    t.equal(response.json().properties.length, 3, 'empty lines do not count');
  }
});

t.test('what the list answers can be sent as it is: each is a new listing', async (t) => {
  await settled(app, () => write(app, 'POST', URL, listings(3)));
  for (const url of ['/properties/?limit=2', '/properties/', '/properties/?limit=1000']) {
    const answer = await app.inject(url);
    const before = await count();
    const response = await settled(app, () => write(app, 'POST', URL, answer.body));
    t.equal(response.statusCode, 201, url);
    const added: { id: number; title: string; created_at: string }[] = response.json().properties;
    const sent: typeof added = answer.json().properties;
    t.same(
      added.map(({ title }) => title),
      sent.map(({ title }) => title),
    );
    t.same(
      added.map(({ id }) => id),
      sent.map((_, index) => Number(before) + index + 1),
    );
    t.not(added[0]?.created_at, sent[0]?.created_at);
  }
  const [line] = (await app.inject('/properties/')).json().properties;
  t.equal((await ndjson([line, line])).statusCode, 201);
  const { errors } = (await write(app, 'POST', URL, [{ ...line, title: ' ', rooms: 3 }])).json();
  t.same(
    errors.map(({ field }: { field: string }) => field),
    ['0.rooms', '0.title'],
    'what is wrong is named all the same',
  );
});

t.test('one transaction and one invalidation, of the lists and the locations only', async (t) => {
  const one = await add(app);
  const row = `/properties/${one.id}/`;
  const urls = [row, '/properties/', '/properties/?location=accra', '/properties/?location=tema'];
  for (const url of urls) await app.inject(url);
  const before = await sql('SELECT pg_current_xact_id()::text::int AS id');
  const told: (readonly string[])[] = [];
  const causes: string[] = [];
  app.caches.events.on('invalidation', (tags, { cause }) => {
    told.push(tags);
    causes.push(cause);
  });
  await settled(app, () => write(app, 'POST', URL, listings(400)));
  t.same(told, [
    ['properties', locationTag('accra')],
    ['properties', locationTag('accra')],
  ]);
  t.same(causes.sort(), ['echo', 'write']);
  const { rows } = await sql(
    `SELECT count(DISTINCT xmin::text)::int AS transactions FROM properties_property WHERE id > ${one.id} AND xmin::text::bigint > ${before.rows[0].id}`,
  );
  t.same(rows, [{ transactions: 1 }]);
  const statuses = await Promise.all(
    urls.map(async (url) => (await app.inject(url)).headers['cache-status']),
  );
  t.match(statuses, [/hit/, /fwd=/, /fwd=/, /hit/]);
});

t.test('all or nothing: every bad row is named by its index', async (t) => {
  const rows: object[] = listings(10_000);
  rows[3] = { ...LISTING, price: '1.234' };
  rows[7] = { title: 'No more' };
  rows[9_999] = { ...LISTING, rooms: 3 };
  const response = await write(app, 'POST', URL, rows);
  t.equal(response.statusCode, 400);
  t.same(
    response.json().errors.map(({ field }: { field: string }) => field),
    ['3.price', '7.description', '7.price', '7.location', '9999.rooms'],
  );
  t.equal(await count(), 0);
});

t.test('so is every line that is no listing', async (t) => {
  const response = await ndjson([LISTING, '{"title":', 'null', '[1]', '{"price":1e3}', LISTING]);
  t.equal(response.statusCode, 400);
  const { errors, detail } = response.json();
  t.match(errors, [
    { field: '1', message: 'must be a JSON object' },
    { field: '2', message: 'must be a JSON object' },
    { field: '3', message: 'must be a JSON object' },
    { field: '4.title', message: 'is required' },
  ]);
  t.match(detail, /^1 must be a JSON object; 2 must be/);
  t.equal(await count(), 0);
});

t.test('ten thousand bad rows are all named, the first ten in the sentence', async (t) => {
  const response = await write(
    app,
    'POST',
    URL,
    listings(10_000).map((row) => ({ ...row, price: -1 })),
  );
  const { errors, detail } = response.json();
  t.equal(errors.length, 10_000);
  t.match(detail, /^0\.price must be .*; 9\.price must be .*; and 9990 more: see errors$/);
});

t.test('what is no list, an empty one and one too long are refused', async (t) => {
  const bodies = ['{}', '[]', '"x"', '3', 'null', '{"properties":[],"more":1}', '{"properties":{}}'];
  for (const body of bodies) {
    const response = await write(app, 'POST', URL, body);
    t.equal(response.statusCode, 400, body);
    t.match(response.json().detail, /a list of 1 to 10000 listings/, body);
  }
  t.equal((await write(app, 'POST', URL, listings(10_001))).statusCode, 400);
  t.equal((await ndjson([])).statusCode, 400);
  t.equal((await write(app, 'POST', URL, '[{]')).statusCode, 400);
  t.equal(await count(), 0);
});

t.test('a body that is too large, of another type, no UTF-8, or without the key', async (t) => {
  const large = JSON.stringify([{ ...LISTING, description: 'x'.repeat(17 * 1024 * 1024) }]);
  t.equal((await write(app, 'POST', URL, large)).statusCode, 413);
  t.equal((await ndjson([LISTING], 'text/csv')).statusCode, 415);
  const headers = { authorization, 'content-type': 'application/x-ndjson' };
  const garbage = { method: 'POST', url: URL, headers, payload: Buffer.from([0x22, 0xff, 0x22]) } as const;
  t.match((await app.inject(garbage)).json(), { status: 400, code: 'PL_BODY_NOT_UTF8' });
  t.equal((await app.inject({ method: 'POST', url: URL, payload: [LISTING] })).statusCode, 401);
  t.equal((await app.inject({ method: 'GET', url: URL })).statusCode, 405);
  const elsewhere = { method: 'POST', url: '/properties/', headers, payload: '{}' } as const;
  t.equal((await app.inject(elsewhere)).statusCode, 415, 'lines are for this route only');
});

t.test('what PostgreSQL refuses leaves nothing behind', async (t) => {
  await sql("ALTER TABLE properties_property ADD CONSTRAINT cheap CHECK (title <> 'Flat 2')");
  const response = await write(app, 'POST', URL, listings(5));
  t.match(response.json(), { status: 422, detail: /"cheap"/ });
  t.equal(await count(), 0);
  await sql('ALTER TABLE properties_property DROP CONSTRAINT cheap');
});
