import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { answerTo, queryOf, type Row, SORTS } from '../lists/model.ts';
import { change, fill, idsOf, listed, row, walk } from './fixture.ts';

/** Rows with many ties, some of which find the words in their titles. */
const tied = fc
  .array(
    fc.record({
      title: fc.constantFrom('flat', 'house'),
      price: fc.constantFrom('1.00', '2.00', '3.00'),
      created: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 4, maxLength: 20 },
  )
  .map((rows) => rows.map((one, i): Row => row(10 * (i + 1), { description: 'flat', ...one })));

/** A change between two pages; places are parts of what there is. */
const changed = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'move' as const),
  place: fc.nat({ max: 30 }),
  price: fc.constantFrom('0.50', '1.00', '2.00', '2.50', '4.00'),
  created: fc.integer({ min: -1, max: 3 }),
  title: fc.constantFrom('flat', 'house'),
});

export async function pagesSurviveChanges(t: Test, app: FastifyInstance): Promise<void> {
  await t.test('no row comes twice and none that stayed is skipped, whatever changes meanwhile', async () => {
    const sorts = fc.constantFrom(...SORTS, 'relevance');
    const changes = fc.array(changed, { minLength: 3, maxLength: 8 });
    const limit = fc.integer({ min: 1, max: 4 });
    const search = fc.record({
      location: fc.constantFrom(undefined, ['accra']),
      q: fc.constantFrom(undefined, 'flat'),
    });
    await fc.assert(
      fc.asyncProperty(
        tied,
        changes,
        sorts,
        limit,
        search,
        async (rows, changes, sort, limit, { location, q }) => {
          await fill(app, rows);
          const asked = {
            sort,
            ...(location && { location }),
            ...((q || sort === 'relevance') && { q: 'flat' }),
          };
          const untouched = new Map(rows.map((row) => [row.id, row]));
          const inserted: Row[] = [];
          const left = [...changes];
          const pages = await walk(app, `/properties/${queryOf({ ...asked, limit })}`, async () => {
            const next = left.shift();
            if (!next) return;
            const { kind, place, ...fields } = next;
            const victim = rows[place % rows.length] ?? assert.fail();
            if (kind === 'insert') {
              const fresh = row(10 * place + 5 + inserted.length * 1000, { description: 'flat', ...fields });
              inserted.push(fresh);
              await change(app, insert(fresh));
            } else if (kind === 'delete') {
              untouched.delete(victim.id);
              await change(app, `DELETE FROM properties_property WHERE id = ${victim.id}`);
            } else {
              untouched.delete(victim.id); // It may come twice, or not at all: it was in two places.
              await change(
                app,
                `UPDATE properties_property SET price = ${fields.price} WHERE id = ${victim.id}`,
              );
            }
          });
          const ids = pages.flat();
          const known = new Set([...untouched.keys(), ...inserted.map(({ id }) => id)]);
          const stayed = ids.filter((id) => known.has(id));
          assert.equal(new Set(stayed).size, stayed.length, 'none twice');
          const first = stayed.filter((id) => untouched.has(id));
          assert.deepEqual(first, answerTo(asked, [...untouched.values()]), 'none skipped, and in order');
        },
      ),
      { numRuns: 25, interruptAfterTimeLimit: 20_000 },
    );
  });

  await t.test('after the row of a cursor was deleted the next page begins behind its place', async (t) => {
    const rows = [1, 2, 3, 4, 5].map((id) => row(id, { created: 1e12 + (id >> 1) }));
    for (const sort of [...SORTS, 'relevance']) {
      await fill(app, rows);
      const asked = { sort, ...(sort === 'relevance' && { q: 'flat' }) };
      const expected = answerTo(asked, rows);
      const first = await listed(app, `/properties/${queryOf({ ...asked, limit: 2 })}`);
      t.same(idsOf(first), expected.slice(0, 2));
      await change(app, `DELETE FROM properties_property WHERE id IN (${idsOf(first)})`);
      t.same(idsOf(await listed(app, String(first.next))), expected.slice(2, 4), sort);
      await change(app, 'TRUNCATE properties_property');
      t.same(await listed(app, String(first.next)), { properties: [], next: null });
    }
  });

  await t.test('a page that ends with the last row says that there is no next', async (t) => {
    await fill(app, [row(1), row(2)]);
    t.equal((await listed(app, '/properties/?limit=2')).next, null);
    t.notOk((await app.inject('/properties/?limit=2')).headers.link);
    t.notOk((await app.inject('/properties/')).headers.link);
    t.notOk('next' in (await listed(app, '/properties/?sort=price')));
    t.equal((await listed(app, '/properties/?limit=1000')).next, null);
    const head = await app.inject({ method: 'HEAD', url: '/properties/?limit=1' });
    t.match(head.headers.link, /^<\/properties\/\?limit=1&cursor=[\w-]+>; rel="next"$/);
    t.equal(head.body, '');
  });

  await t.test('values that only SQL can insert are paged through in every sort', async (t) => {
    const prices = ['NaN', '-0.01', '-99999999.99', '0.00', '99999999.99', 'NaN'];
    const moments = [
      'infinity',
      '-infinity',
      '4714-11-24 00:00:00Z BC',
      '0001-12-31 23:59:59.999Z BC',
      '1969-12-31 23:59:59.999Z',
      '10000-01-01 00:00:00.001Z',
      '148139-06-01 00:00:00.001Z',
      '250000-06-01 00:00:00.013Z',
      '294276-12-31 23:59:59.996Z',
      '294276-12-31 23:59:59.997Z',
      '294276-12-31 23:59:59.998Z',
      '294276-12-31 23:59:59.999Z',
    ];
    const ids = [-(2 ** 31), -7, 0, 2 ** 31 - 1];
    const values = [
      ...prices.map((price) => `('${price}', '2025-01-01Z')`),
      ...moments.flatMap((moment) => [`('1', '${moment}')`, `('1', '${moment}')`]),
      // Moments whose milliseconds have no exact number of seconds.
      ...Array.from({ length: 15 }, (_, i) => `('2', timestamptz '200000-01-01Z' + ${i} * interval '1 ms')`),
    ];
    await change(
      app,
      `TRUNCATE properties_property RESTART IDENTITY;
       INSERT INTO properties_property (title, description, price, location, created_at)
       SELECT 'flat', 'flat', price::numeric, 'Accra', created_at::timestamptz
       FROM (VALUES ${values.join(', ')}) AS rows(price, created_at);
       INSERT INTO properties_property (id, title, description, price, location, created_at)
       SELECT id, 'flat', 'flat', 1, 'Accra', '2025-01-01Z' FROM unnest('{${ids}}'::int[]) AS id`,
    );
    for (const sort of [...SORTS, 'relevance']) {
      const inPlaces = /price|created/.test(sort) ? [undefined, ['accra']] : [undefined];
      for (const location of inPlaces) {
        const query = { sort, ...(location && { location }), ...(sort === 'relevance' && { q: 'flat' }) };
        const whole = idsOf(await listed(app, `/properties/${queryOf(query)}`));
        t.equal(whole.length, values.length + ids.length);
        const pages = await walk(app, `/properties/${queryOf({ ...query, limit: 1 })}`);
        t.same(pages.flat(), whole, queryOf(query));
      }
    }
    t.equal((await listed(app, '/properties/?min_price=0&max_price=99999999.99')).properties.length, 45);
  });
}

function insert({ id, title, description, price, location, created }: Row): string {
  return `INSERT INTO properties_property (id, title, description, price, location, created_at)
    VALUES (${id}, '${title}', '${description}', ${price}, '${location}', to_timestamp(${created / 1000}))`;
}
