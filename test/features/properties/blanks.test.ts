import t from 'tap';
import { execute } from '../../../support/database.ts';
import { add, authorization, build, empty, LISTING, settled, write } from '../../helpers/app.ts';

const app = await build(t);
await empty(app);

const KEPT = { title: 'Flat in Osu', description: 'Quiet.\n\nBright.', location: 'Accra' };
const SENT = {
  title: ' Flat in Osu\n',
  description: '\r\nQuiet.\n\nBright.\n ',
  location: '\u00a0Accra\u200b',
};
const read = (id: number) => app.inject(`/properties/${id}/`);

for (const method of ['POST', 'PUT', 'PATCH'] as const) {
  t.test(
    `${method} answers and keeps the text without the blanks around it, and their ETags agree`,
    async (t) => {
      const url = method === 'POST' ? '/properties/' : `/properties/${(await add(app)).id}/`;
      const answer = await settled(app, () => write(app, method, url, { ...SENT, price: '1.00' }));
      t.match(answer.json(), KEPT);
      const kept = await read(answer.json().id);
      t.match(kept.json(), KEPT);
      t.equal(answer.headers.etag, kept.headers.etag);
    },
  );
}

for (const [type, payload] of [
  ['application/json', JSON.stringify([{ ...SENT, price: 1 }])],
  ['application/x-ndjson', `${JSON.stringify({ ...SENT, price: 1 })}\n`],
] as const) {
  t.test(`a bulk of ${type} answers and keeps the text without the blanks around it`, async (t) => {
    const headers = { authorization, 'content-type': type };
    const request = { method: 'POST', url: '/properties/bulk/', headers, payload } as const;
    const [added] = (await settled(app, () => app.inject(request))).json().properties;
    t.match(added, KEPT);
    t.match((await read(added.id)).json(), KEPT);
    const refused = await app.inject({
      ...request,
      payload: payload.replace(/"title":"[^"]*"/, '"title":"\u3164"'),
    });
    t.match(refused.json(), { status: 400, errors: [{ field: '0.title', message: /not blank/ }] });
  });
}

t.test('a list of the location is read again when a listing comes with blanks around it', async (t) => {
  const count = async () => (await app.inject('/properties/count/?location=tema')).json().count;
  t.equal(await count(), 0);
  await write(app, 'POST', '/properties/', { ...LISTING, location: ' Tema ' });
  t.equal(await count(), 1);
});

t.test('the length that counts is that of the text that is kept, in characters', async (t) => {
  const [full, tooLong] = [200, 201].map((length) => ` ${'😀'.repeat(length)}\n`);
  const { id } = await add(app, { title: full ?? '' });
  t.equal((await read(id)).json().title, '😀'.repeat(200));
  t.equal((await write(app, 'PATCH', `/properties/${id}/`, { title: tooLong })).statusCode, 400);
});

t.test(
  'a blank listing that another program wrote is listed, read, and changed in its other fields',
  async (t) => {
    const { rows } = await execute(
      app.config.DATABASE_URL ?? '',
      `INSERT INTO properties_property (title, description, price, location) VALUES ('', ' ', 1, E'\\u3164') RETURNING id`,
    );
    const { id } = rows[0];
    const blank = { title: '', description: ' ', location: '\u3164' };
    t.match((await read(id)).json(), blank);
    t.match((await app.inject('/properties/?sort=-created_at&limit=1')).json().properties, [blank]);
    const changed = await write(app, 'PATCH', `/properties/${id}/`, { price: 2 });
    t.match(changed.json(), { ...blank, price: '2.00' });
  },
);
