import pg from 'pg';
import t from 'tap';
import { execute } from '../../../support/database.ts';
import { add, authorization, build, empty, LISTING, settled, write } from '../../helpers/app.ts';

const app = await build(t);

type Method = 'PUT' | 'PATCH' | 'DELETE';

const BODIES: Readonly<Record<Method, object | undefined>> = {
  PUT: { ...LISTING, title: 'Replaced' },
  PATCH: { title: 'Changed' },
  DELETE: undefined,
};
const METHODS = Object.keys(BODIES) as Method[];

const send = (method: Method, id: number, headers: Record<string, string>) =>
  app.inject({
    method,
    url: `/properties/${id}/`,
    headers: { authorization, ...headers },
    ...(BODIES[method] && { payload: BODIES[method] }),
  });

const etagNow = async (id: number) => String((await app.inject(`/properties/${id}/`)).headers.etag);

t.beforeEach(() => empty(app));

for (const method of METHODS) {
  const done = method === 'DELETE' ? 204 : 200;

  t.test(
    `${method} with If-None-Match that names the listing, weakly or in a list, does nothing`,
    async (t) => {
      const { id } = await add(app);
      const { body, headers } = await app.inject(`/properties/${id}/`);
      const etag = String(headers.etag);
      for (const named of ['*', ' * ', etag, `W/${etag}`, `"other", ${etag}`, etag.replace(/"$/, '-br"')]) {
        const response = await send(method, id, { 'if-none-match': named });
        t.match(response.json(), { status: 412, code: 'PL_PROPERTY_UNCHANGED' }, named);
      }
      t.equal((await app.inject(`/properties/${id}/`)).body, body);
    },
  );

  t.test(`${method} with another tag, or with none, is done`, async (t) => {
    for (const named of ['"other"', 'W/"other", "more"', '']) {
      const { id } = await add(app);
      t.equal((await send(method, id, { 'if-none-match': named })).statusCode, done, named);
    }
  });

  t.test(`${method}: If-Match comes first, and both have to hold`, async (t) => {
    for (const [ifMatch, ifNoneMatch, status, code] of [
      ['"old"', '*', 412, 'PL_PROPERTY_CHANGED'],
      ['now', '*', 412, 'PL_PROPERTY_UNCHANGED'],
      ['*', 'now', 412, 'PL_PROPERTY_UNCHANGED'],
      ['now', '"old"', done, undefined],
      ['*', '"old"', done, undefined],
    ] as const) {
      const { id } = await add(app);
      const etag = await etagNow(id);
      const [match, none] = [ifMatch, ifNoneMatch].map((given) => given.replace('now', etag));
      const response = await send(method, id, { 'if-match': String(match), 'if-none-match': String(none) });
      t.equal(response.statusCode, status, `${ifMatch} ${ifNoneMatch}`);
      if (code) t.equal(response.json().code, code);
    }
  });

  t.test(`${method} of a listing that is not there is 404, whatever If-None-Match says`, async (t) => {
    for (const named of ['*', '"x"']) {
      t.equal((await send(method, 99, { 'if-none-match': named })).statusCode, 404);
    }
  });

  t.test(
    `${method}: dates are no preconditions, because a listing has none of its last change`,
    async (t) => {
      const { id } = await add(app);
      const long = 'Mon, 01 Jan 2001 00:00:00 GMT';
      const headers = { 'if-unmodified-since': long, 'if-modified-since': long };
      t.equal((await send(method, id, headers)).statusCode, done);
    },
  );
}

t.test(
  'a listing that became what If-None-Match names while it was being written is left as it is',
  async (t) => {
    const { id } = await add(app, { title: 'One' });
    await settled(app, () => write(app, 'PATCH', `/properties/${id}/`, { title: 'Two' }));
    const two = await etagNow(id);
    await settled(app, () => write(app, 'PATCH', `/properties/${id}/`, { title: 'One' }));
    const other = new pg.Client(app.config.DATABASE_URL);
    await other.connect();
    await other.query('BEGIN');
    await other.query(`UPDATE properties_property SET title = 'Two' WHERE id = ${id}`);
    const waiting = send('PATCH', id, { 'if-none-match': two });
    await blocked(app.config.DATABASE_URL ?? '');
    await other.query('COMMIT');
    await other.end();
    t.match((await waiting).json(), { status: 412, code: 'PL_PROPERTY_UNCHANGED' });
    t.equal((await app.inject(`/properties/${id}/`)).json().title, 'Two');
  },
);

t.test('of many writes that name another version each is done, whatever comes between', async (t) => {
  const { id } = await add(app);
  const writes = Array.from({ length: 8 }, () => send('PATCH', id, { 'if-none-match': '"other"' }));
  for (const { statusCode } of await Promise.all(writes)) t.equal(statusCode, 200);
});

t.test(
  'to add a listing only If-Match: * is a precondition that holds; to add many any If-None-Match',
  async (t) => {
    const post = (url: string, payload: object, headers: Record<string, string>) =>
      app.inject({ method: 'POST', url, payload, headers: { authorization, ...headers } });
    for (const [headers, one, many] of [
      [{ 'if-none-match': '*' }, 412, 201],
      [{ 'if-none-match': '"x"' }, 412, 201],
      [{ 'if-match': '"x"' }, 412, 412],
      [{ 'if-match': '*' }, 201, 412],
    ] as const) {
      t.equal((await post('/properties/', LISTING, headers)).statusCode, one, JSON.stringify(headers));
      t.equal(
        (await post('/properties/bulk/', [LISTING], headers)).statusCode,
        many,
        JSON.stringify(headers),
      );
    }
    t.equal((await app.inject('/properties/count/')).json().count, 3);
  },
);

/** Resolves when a session of the database waits for a lock. */
async function blocked(url: string): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await execute(url, waiting)).rowCount === 0);
}
