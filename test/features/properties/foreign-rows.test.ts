import t from 'tap';
import { COLUMNS } from '../../../src/features/properties/columns.ts';
import { writtenProperty } from '../../../src/features/properties/property.ts';
import { EVERYTHING } from '../../../src/features/properties/tags.ts';
import { execute } from '../../../support/database.ts';
import { authorization, build, empty, invalidationOf, LISTING, settled, write } from '../../helpers/app.ts';
import { documentOf } from '../../helpers/document.ts';

const app = await build(t);
const sql = (text: string) => execute(app.config.DATABASE_URL ?? '', text);

/** Rows of another program: what its columns hold, as SQL. Resolves when the app has heard of them. */
async function insert(columns: string, values: readonly string[]): Promise<void> {
  const heard = invalidationOf(app, ['properties']);
  await sql(`INSERT INTO properties_property (title, description, location, ${columns})
    VALUES ${values.map((value) => `('Flat', 'Quiet.', 'Accra', ${value})`).join(', ')}`);
  await heard;
}

const listed = async () => (await app.inject('/properties/')).json().properties;

t.beforeEach(() => empty(app));

t.test(
  'a moment that has no usual form is the same in the list, in the row and in what a write answers',
  async (t) => {
    const moments = {
      infinity: 'infinity',
      '-infinity': '-infinity',
      '9999-12-31 23:59:59.999Z': '9999-12-31T23:59:59.999Z',
      '10000-01-01Z': '+010000-01-01T00:00:00.000Z',
      '294276-12-31 23:59:59.999Z': '+294276-12-31T23:59:59.999Z',
      '0099-01-01Z': '0099-01-01T00:00:00.000Z',
      '0001-06-01Z BC': '0000-06-01T00:00:00.000Z',
      '0044-03-15Z BC': '-000043-03-15T00:00:00.000Z',
      '4713-11-25Z BC': '-004712-11-25T00:00:00.000Z',
    };
    await insert(
      'price, created_at',
      Object.keys(moments).map((moment) => `1, '${moment}'`),
    );
    const rows = await listed();
    t.same(
      rows.map(({ created_at }: { created_at: string }) => created_at),
      Object.values(moments),
    );
    for (const row of rows) {
      const url = `/properties/${row.id}/`;
      const read = await app.inject(url);
      t.same(read.json(), row);
      for (const [method, ifMatch, status] of [
        ['PUT', read.headers.etag, 200],
        ['PATCH', read.headers.etag, 412],
        ['PATCH', '*', 200],
      ] as const) {
        const payload = { ...LISTING, title: method };
        const headers = { authorization, 'if-match': String(ifMatch) };
        const response = await app.inject({ method, url, payload, headers });
        t.equal(response.statusCode, status);
        if (status === 200) t.equal(response.json().created_at, row.created_at);
      }
      t.equal((await write(app, 'DELETE', url)).statusCode, 204);
    }
  },
);

t.test('every page of them is there once, whichever end one begins at', async (t) => {
  await insert(
    'price, created_at',
    ['infinity', '-infinity', '10000-01-01Z', '0044-03-15Z BC', 'now'].map((moment) => `1, '${moment}'`),
  );
  for (const [sort, ids] of [
    ['created_at', [2, 4, 5, 3, 1]],
    ['-created_at', [1, 3, 5, 4, 2]],
  ] as const) {
    const found: number[] = [];
    let next = `/properties/?sort=${sort}&limit=1`;
    while (next) {
      const page = (await app.inject(next)).json();
      found.push(page.properties[0].id);
      next = page.next;
    }
    t.same(found, ids);
  }
});

t.test('a moment that a trigger sets when a listing is added is answered', async (t) => {
  await sql(`CREATE FUNCTION acme_ever() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.created_at = 'infinity'; RETURN NEW; END $$;
    CREATE TRIGGER acme BEFORE INSERT ON properties_property FOR EACH ROW EXECUTE FUNCTION acme_ever()`);
  const added = await settled(app, () => write(app, 'POST', '/properties/', LISTING));
  t.match(added.json(), { created_at: 'infinity' });
  t.equal(added.headers.etag, (await app.inject('/properties/1/')).headers.etag);
  const many = await settled(app, () => write(app, 'POST', '/properties/bulk/', [LISTING]));
  t.match(many.json().properties, [{ created_at: 'infinity' }]);
  await sql('DROP TRIGGER acme ON properties_property');
});

t.test('a listing that is deleted before its moment is read may have been written', async (t) => {
  await insert('price, created_at', [`1, 'infinity'`]);
  await sql(`CREATE FUNCTION acme_gone() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN DELETE FROM properties_property; RETURN NULL; END $$;
    CREATE TRIGGER acme AFTER UPDATE ON properties_property FOR EACH STATEMENT EXECUTE FUNCTION acme_gone()`);
  t.match((await write(app, 'PATCH', '/properties/1/', { title: 'New' })).json(), {
    status: 503,
    detail: /may have been made all the same: read first/,
  });
  await sql('DROP TRIGGER acme ON properties_property');
});

t.test('any price, any text and any id that the table takes is answered, as the document says', async (t) => {
  await insert('id, price', [`0, 'NaN'`, '-7, -5', '2147483647, -99999999.99']);
  const heard = invalidationOf(app, ['properties']);
  await sql(
    `INSERT INTO properties_property (title, description, price, location) VALUES ('', '', 'NaN', '')`,
  );
  await heard;
  const rows = await listed();
  t.same(
    rows.map(({ id, price }: { id: number; price: string }) => [id, price]),
    [
      [-7, '-5.00'],
      [0, 'NaN'],
      [1, 'NaN'],
      [2_147_483_647, '-99999999.99'],
    ],
  );
  const { faultOf } = await documentOf(app);
  t.equal(faultOf('get', '/properties/', await app.inject('/properties/')), undefined);
  for (const { id, ...row } of rows.slice(2)) {
    const { headers } = await app.inject(`/properties/${id}/`);
    const response = await app.inject({
      method: 'PATCH',
      url: `/properties/${id}/`,
      headers: { authorization, 'if-match': String(headers.etag) },
      payload: { title: 'New' },
    });
    t.same(response.json(), { ...row, id, title: 'New' });
  }
  t.equal((await app.inject('/properties/0/')).statusCode, 400);
});

/** Every name that a statement gives to something, or might. */
const NAMES =
  `group_key value n bytes fits json many more words2 listing answer found first few candidates those lacking list added given
  size sizes location_groups parts firsts numbered page rank position count id2 price2 "createdAt" properties_property
  quick_all whole_all used ids touched payload rows changed became`.split(/\s+/);

t.test('columns of others change no answer', async (t) => {
  const columns = NAMES.map((name) => `ADD COLUMN ${name} text DEFAULT 'x'`);
  const url = '/properties/';
  const questions = [
    '?location=accra&sort=price&limit=2',
    '?location=accra',
    '?q=flat&limit=2',
    '?q=flat',
    '?limit=2',
    '?sort=-created_at',
    '?location=accra&location=tema&sort=-created_at&limit=2&min_price=1',
    '?q=flat&location=accra&min_price=1&limit=1&sort=price',
    '',
  ];
  await settled(app, () =>
    write(
      app,
      'POST',
      '/properties/bulk/',
      [1, 2, 3].map((price) => ({ ...LISTING, price })),
    ),
  );
  const answers = () =>
    Promise.all(
      [...questions.map((query) => url + query), '/properties/count/?q=flat', '/properties/2/'].map(
        async (path) => (await app.inject(path)).body,
      ),
    );
  const before = await answers();
  await sql(
    `ALTER TABLE properties_property ${columns.join(', ')}, ADD COLUMN doubled int GENERATED ALWAYS AS (id * 2) STORED`,
  );
  await app.caches.invalidate([...EVERYTHING]);
  t.same(await answers(), before);
  for (const [method, path, body, status] of [
    ['POST', url, LISTING, 201],
    ['PUT', '/properties/1/', LISTING, 200],
    ['PATCH', '/properties/1/', { price: 5 }, 200],
    ['POST', '/properties/bulk/', [LISTING], 201],
    ['DELETE', '/properties/1/', undefined, 204],
  ] as const) {
    const response = await settled(app, () => write(app, method, path, body));
    t.equal(response.statusCode, status, `${method} ${path} ${response.body}`);
    if (status === 201 && method === 'POST' && path === url)
      t.same(Object.keys(response.json()), Object.keys(COLUMNS));
  }
});

t.test('a written row that cannot be read again is no failed write', async (t) => {
  await insert('price, created_at', ["1, 'infinity'"]);
  const [row] = await app.prisma.property.findMany();
  if (!row) return t.fail('it was inserted');
  await t.resolveMatch(writtenProperty(app.prisma, row), { created_at: 'infinity' });
  await t.rejects(writtenProperty(app.prisma, { ...row, id: 2 ** 31 - 1 }), {
    code: 'PL_DATABASE_UNAVAILABLE',
    message: /may have been made all the same/,
  });
});
