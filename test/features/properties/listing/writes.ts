import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { LISTING, write } from '../../../helpers/app.ts';
import { answerTo, type ModelQuery, passes, queryOf, rowsIn } from '../lists/model.ts';
import { fill, idsOf, listed } from './fixture.ts';

const PLACES = ['Accra', 'ACCRA', 'École', 'éCOLE', 'Tema', '中', 'Osu, Accra', 'osu accra'];

const QUESTIONS: readonly ModelQuery[] = [
  {},
  { sort: '-price' },
  { location: ['accra'] },
  { location: ['ÉCOLE'] },
  { location: ['tema', 'Accra'], sort: 'price' },
  { location: ['中'] },
  { location: ['OSU, ACCRA'], q: 'flat' },
  { q: 'accra' },
  { min_price: '2' },
];

/** That no answer to any query is older than the last change. */
export async function answersAreFresh(t: Test, app: FastifyInstance): Promise<void> {
  const price = fc.constantFrom('1.00', '2.00', '3.00');
  const location = fc.constantFrom(...PLACES);
  const id = fc.integer({ min: 1, max: 6 });
  const change = fc.oneof(
    fc.record({ method: fc.constant('POST' as const), body: fc.record({ price, location }) }),
    fc.record({ method: fc.constant('PUT' as const), id, body: fc.record({ price, location }) }),
    fc.record({ method: fc.constant('PATCH' as const), id, body: fc.record({ location }) }),
    fc.record({ method: fc.constant('PATCH' as const), id, body: fc.record({ price }) }),
    fc.record({ method: fc.constant('DELETE' as const), id, body: fc.constant(undefined) }),
  );
  await t.test('every list and every count shows a change at once', async () => {
    await fill(app, []);
    await fc.assert(
      fc.asyncProperty(change, async (change) => {
        const { method, body } = change;
        const url = 'id' in change ? `/properties/${change.id}/` : '/properties/';
        const full = method === 'POST' || method === 'PUT' ? { ...LISTING, ...body } : body;
        const { statusCode } = await write(app, method, url, full);
        assert.ok(statusCode < 300 || statusCode === 404, String(statusCode));
        const rows = await rowsIn(String(app.config.DATABASE_URL));
        for (const asked of QUESTIONS) {
          const expected = answerTo(asked, rows);
          assert.deepEqual(
            idsOf(await listed(app, `/properties/${queryOf(asked)}`)),
            expected,
            queryOf(asked),
          );
          const page = await listed(app, `/properties/${queryOf({ ...asked, limit: 1000 })}`);
          assert.deepEqual(idsOf(page), expected, queryOf(asked));
          const { sort: _, ...filters } = asked;
          const counted = await app.inject(`/properties/count/${queryOf(filters)}`);
          assert.deepEqual(counted.json(), { count: rows.filter((row) => passes(filters, row)).length });
        }
      }),
      { numRuns: 40, endOnFailure: true }, // Each change is one to what those before have left.
    );
  });
}
