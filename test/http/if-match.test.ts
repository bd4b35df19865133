import t from 'tap';
import { add, authorization, build, empty, LISTING, settled, write } from '../helpers/app.ts';

const app = await build(t);

type Method = 'PUT' | 'PATCH' | 'DELETE';

const BODIES: Readonly<Record<Method, object | undefined>> = {
  PUT: { ...LISTING, title: 'Replaced' },
  PATCH: { title: 'Changed' },
  DELETE: undefined,
};
const METHODS = Object.keys(BODIES) as Method[];

const send = (method: Method, id: number, ifMatch: string, body = BODIES[method]) =>
  app.inject({
    method,
    url: `/properties/${id}/`,
    headers: { authorization, 'if-match': ifMatch },
    ...(body && { payload: body }),
  });

const etagNow = async (id: number) => String((await app.inject(`/properties/${id}/`)).headers.etag);

t.beforeEach(() => empty(app));

for (const method of METHODS) {
  const done = method === 'DELETE' ? 204 : 200;

  t.test(`${method} with the ETag that the listing has`, async (t) => {
    const { id } = await add(app);
    const etag = await etagNow(id);
    t.match(etag, /^"[\w-]{27}"$/);
    t.equal((await send(method, id, etag)).statusCode, done);
  });

  t.test(`${method} with one that it had before changes nothing`, async (t) => {
    const { id } = await add(app);
    const etag = await etagNow(id);
    await settled(app, () => write(app, 'PATCH', `/properties/${id}/`, { price: 5 }));
    const { body } = await app.inject(`/properties/${id}/`);
    const response = await send(method, id, etag);
    t.match(response.json(), { status: 412, code: 'PL_PROPERTY_CHANGED' });
    t.equal((await app.inject(`/properties/${id}/`)).body, body);
  });

  t.test(`${method}: any of a list, or *, will do; a weak tag and what is no tag will not`, async (t) => {
    for (const [form, status] of [
      [(etag: string) => `"other", ${etag}`, done],
      [() => '*', done],
      [() => ' * ', done],
      [(etag: string) => `W/${etag}`, 412],
      [(etag: string) => etag.replaceAll('"', ''), 412],
      [() => '"other"', 412],
      [() => '', 412],
    ] as const) {
      const { id } = await add(app);
      const ifMatch = form(await etagNow(id));
      t.equal((await send(method, id, ifMatch)).statusCode, status, ifMatch);
    }
  });

  t.test(`${method} of a listing that is not there is 404, whatever If-Match says`, async (t) => {
    for (const ifMatch of ['*', '"x"']) t.equal((await send(method, 99, ifMatch)).statusCode, 404);
  });

  t.test(`${method}: of many who have read the same, one gets through`, async (t) => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await add(app);
      const etag = await etagNow(id);
      const tries = Array.from({ length: 8 }, (_, index) =>
        send(method, id, etag, BODIES[method] && { ...BODIES[method], title: `Title ${index}` }),
      );
      const statuses = (await Promise.all(tries)).map(({ statusCode }) => statusCode);
      t.equal(statuses.filter((status) => status === done).length, 1, String(statuses));
      const others = statuses.filter((status) => status !== done);
      t.ok(
        others.every((status) => status === 412 || (method === 'DELETE' && status === 404)),
        String(statuses),
      );
    }
  });
}

t.test('a bad body is 400 before anything else', async (t) => {
  const { id } = await add(app);
  t.equal((await send('PATCH', id, '"x"', { price: 'much' })).statusCode, 400);
});

t.test('every write answers the ETag that the next one needs', async (t) => {
  const created = await settled(app, () => write(app, 'POST', '/properties/', LISTING));
  const { id } = created.json();
  t.equal(created.headers.etag, await etagNow(id));
  let { etag } = created.headers;
  for (const method of ['PATCH', 'PUT', 'PATCH'] as const) {
    const response = await settled(app, () => send(method, id, String(etag)));
    t.equal(response.statusCode, 200);
    t.equal(response.headers.etag, await etagNow(id));
    etag = response.headers.etag;
  }
});

t.test('a write with If-Match says where the listing was: other locations stay hits', async (t) => {
  const { id } = await add(app, { location: 'Accra' });
  const urls = ['/properties/?location=accra', '/properties/?location=tema', '/properties/?location=kumasi'];
  for (const url of urls) await app.inject(url);
  const moved = { ...LISTING, location: 'Tema' };
  await settled(app, async () => send('PUT', id, await etagNow(id), moved));
  const statuses = await Promise.all(
    urls.map(async (url) => (await app.inject(url)).headers['cache-status']),
  );
  t.match(statuses, [/fwd=/, /fwd=/, /hit/]);
});
