import t from 'tap';
import type { Reader } from '../../../src/coherence/client.ts';
import { getAllProperties } from '../../../src/features/properties/get-all-properties.ts';
import { add, build, empty, LISTING, settled, write } from '../../helpers/app.ts';

const app = await build(t);
const get = (url: string) => app.inject(url);
const list = async () => (await get('/properties/')).json().properties;

const ONE =
  /^\{"id":1,"title":"Flat in Osu","description":"Quiet\.","price":"1200\.00","location":"Accra","created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"\}$/;

t.test('without listings the list is empty', async (t) => {
  const response = await get('/properties/');
  t.equal(response.statusCode, 200);
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8');
  t.equal(response.body, '{"properties":[]}');
});

for (const [what, slash] of [
  ['with the trailing slash', '/'],
  ['without the trailing slash', ''],
]) {
  t.test(`${what}, every route does its work`, async (t) => {
    await empty(app);
    const row = `/properties/1${slash}`;

    const created = await settled(app, () => write(app, 'POST', `/properties${slash}`, LISTING));
    t.equal(created.statusCode, 201);
    t.match(created.body, ONE);
    t.equal(created.headers.location, '/properties/1/');

    const one = await get(row);
    t.equal(one.statusCode, 200);
    t.equal(one.body, created.body);
    t.equal((await get(`/properties${slash}`)).body, `{"properties":[${created.body}]}`);

    const other = { title: 'House', description: 'Big.', price: '5', location: 'Tema' };
    const replaced = await settled(app, () => write(app, 'PUT', row, other));
    t.equal(replaced.statusCode, 200);
    t.same(replaced.json(), { ...created.json(), ...other, price: '5.00' });
    t.same(Object.keys(replaced.json()), Object.keys(created.json()), 'in the same order');
    t.equal((await get(row)).body, replaced.body);

    const changed = await settled(app, () => write(app, 'PATCH', row, { location: 'Kumasi' }));
    t.equal(changed.statusCode, 200);
    t.same(changed.json(), { ...replaced.json(), location: 'Kumasi' });
    t.equal((await get(row)).body, changed.body);

    const removed = await settled(app, () => write(app, 'DELETE', row));
    t.equal(removed.statusCode, 204);
    t.equal(removed.body, '');
    t.notOk('content-type' in removed.headers);
    t.equal((await get(row)).statusCode, 404);
    t.same(await list(), []);
  });
}

t.test('the Location of a new listing answers that listing', async (t) => {
  const created = await settled(app, () => write(app, 'POST', '/properties/', LISTING));
  t.equal((await get(String(created.headers.location))).body, created.body);
});

t.test('the list is ordered by id, also after an older row was changed', async (t) => {
  await empty(app);
  for (const title of ['one', 'two', 'three']) await add(app, { title });
  await settled(app, () => write(app, 'PATCH', '/properties/1/', { title: 'uno' }));
  t.same(
    (await list()).map(({ id, title }: { id: number; title: string }) => `${id} ${title}`),
    ['1 uno', '2 two', '3 three'],
  );
});

for (const [sent, stored] of [
  ['0', '0.00'],
  ['"0"', '0.00'],
  ['0.1', '0.10'],
  ['1200.5', '1200.50'],
  ['"1200.5"', '1200.50'],
  ['1200.50', '1200.50'],
  ['7.00', '7.00'],
  ['100', '100.00'],
  ['99999999.99', '99999999.99'],
  ['"99999999.99"', '99999999.99'],
] as const) {
  t.test(`a price sent as ${sent} is kept exactly, as ${stored}`, async (t) => {
    const { id } = await add(app);
    const body = `{"price":${sent}}`;
    const changed = await settled(app, () => write(app, 'PATCH', `/properties/${id}/`, body));
    t.equal(changed.statusCode, 200);
    t.equal(changed.json().price, stored);
    t.equal((await get(`/properties/${id}/`)).json().price, stored);
  });
}

t.test(
  'text is kept as it was sent, but for the blanks around it: edges in length, script, escapes, white space',
  async (t) => {
    const text = {
      title: '😀'.repeat(200),
      description: `\u0001"\\ \n${'é'.repeat(5000)}`,
      location: 'ア'.repeat(100),
    };
    const { id } = await add(app, { ...text, description: ` ${text.description}\n` });
    t.match((await get(`/properties/${id}/`)).json(), text);
  },
);

t.test('a description of 500,000 escapes is kept, and takes no time', async (t) => {
  const description = `x${'\n'.repeat(499_998)}x`;
  const { id } = await add(app, { description });
  t.equal((await get(`/properties/${id}/`)).json().description.length, description.length);
});

t.test('PATCH changes each field alone', async (t) => {
  const before = await add(app);
  const fields = { title: 'T', description: 'D', price: '3.00', location: 'L' };
  let expected: object = before;
  for (const [field, value] of Object.entries(fields)) {
    const response = await settled(app, () =>
      write(app, 'PATCH', `/properties/${before.id}/`, { [field]: value }),
    );
    expected = { ...expected, [field]: value };
    t.same(response.json(), expected);
  }
});

t.test(
  'a write is seen by the very next read of the list and of the row, which were both hits',
  async (t) => {
    await empty(app);
    const { id } = await add(app);
    const row = `/properties/${id}/`;
    const heat = async () => {
      for (const url of ['/properties/', row, '/properties/', row]) await get(url);
      t.match((await get('/properties/')).headers['cache-status'], /; hit;/);
      t.match((await get(row)).headers['cache-status'], /; hit;/);
    };

    for (const [method, title] of [
      ['PUT', 'replaced'],
      ['PATCH', 'patched'],
    ] as const) {
      await heat();
      await settled(app, async () => {
        const { statusCode, body } = await write(app, method, row, { ...LISTING, title });
        t.equal(statusCode, 200);
        t.equal((await get(row)).body, body);
        t.equal((await get('/properties/')).body, `{"properties":[${body}]}`);
      });
    }

    await heat();
    await settled(app, async () => {
      const created = await write(app, 'POST', '/properties/', LISTING);
      t.same((await list()).at(-1), created.json());
    });

    await heat();
    await settled(app, async () => {
      await write(app, 'DELETE', row);
      t.equal((await get(row)).statusCode, 404);
      t.notOk((await list()).some((property: { id: number }) => property.id === id));
    });
  },
);

t.test('a listing that is not there answers 404 to every method, and nothing is invalidated', async (t) => {
  await empty(app);
  await get('/properties/');
  for (const [method, body] of [
    ['PUT', LISTING],
    ['PATCH', { title: 'T' }],
    ['DELETE', undefined],
  ] as const) {
    const response = await write(app, method, '/properties/2147483647/', body);
    t.match(response.json(), {
      status: 404,
      code: 'PL_PROPERTY_NOT_FOUND',
      detail: 'There is no property 2147483647',
    });
  }
  t.equal((await get('/properties/2147483647/')).statusCode, 404);
  t.match((await get('/properties/')).headers['cache-status'], /; hit;/);
});

t.test('inside a transaction the list is read past the cache, and what it saw is not kept', async (t) => {
  await empty(app);
  await add(app);
  const { prisma, caches } = app;
  const titles = (list: Buffer | undefined) =>
    JSON.parse(String(list)).map(({ title }: { title: string }) => title);
  const all = (reader: Reader) => getAllProperties({ prisma: reader, caches, ttl: 60 });
  t.same(titles(await all(prisma)), ['Flat in Osu']);
  const rollback = prisma.$transaction(async (tx) => {
    await tx.property.update({ where: { id: 1 }, data: { title: 'uncommitted' } });
    t.same(titles(await all(tx)), ['uncommitted']);
    throw new Error('roll back');
  });
  await t.rejects(rollback, { message: 'roll back' });
  t.same(titles(await all(prisma)), ['Flat in Osu']);
  t.equal((await list())[0].title, 'Flat in Osu');
});
