import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { aQuestion, spellingsOf } from '../lists/spellings.ts';
import { cacheStatus, fill, row } from './fixture.ts';

export async function onePageForOneQuestion(t: Test, app: FastifyInstance): Promise<void> {
  await fill(
    app,
    [1, 2, 3].map((id) => row(id)),
  );

  await t.test('however a list query is spelled, the second time it is a hit', async () => {
    const twoSpellings = aQuestion.chain((listQuery) =>
      fc.tuple(spellingsOf(listQuery), spellingsOf(listQuery)),
    );
    await fc.assert(
      fc.asyncProperty(twoSpellings, async ([first, second]) => {
        const { statusCode, body, headers } = await app.inject(`/properties/?${first}`);
        assert.equal(statusCode, 200, body);
        const again = await app.inject(`/properties/?${second}`);
        assert.match(String(again.headers['cache-status']), /; hit/, `${first} and ${second}`);
        assert.equal(again.body, body);
        assert.equal(again.headers.link, headers.link);
      }),
      { numRuns: 100 },
    );
  });

  await t.test('a count is one page too', async (t) => {
    await app.inject('/properties/count/?location=Accra&q=flat+Quiet&min_price=1');
    for (const query of [
      'q=QUIET++flat+flat&min_price=01.00&location=ACCRA&location=accra',
      'min_price=1.0&min_price=1&location=aCCRA&q=quiet%0Aflat',
    ]) {
      t.match(await cacheStatus(app, `/properties/count/?${query}`), /; hit/, query);
      t.match(await cacheStatus(app, `/properties/count?${query}`), /; hit/, 'without the slash');
    }
    t.match(
      await cacheStatus(app, '/properties/?location=Accra&q=flat+Quiet&min_price=1'),
      /miss/,
      'a list is not',
    );
  });

  await t.test('the list query without parameters, spelled out, is the whole list', async (t) => {
    await app.inject('/properties/');
    for (const query of ['?', '?sort=id', '?sort=id&sort=id', '?&&']) {
      t.match(await cacheStatus(app, `/properties/${query}`), /; hit/, query);
    }
  });

  await t.test('other questions are other pages', async (t) => {
    const queries = ['limit=1', 'limit=2', 'sort=-id', 'sort=price', 'q=flat', 'q=flat&sort=id', 'q=house'];
    const more = [
      'location=accra',
      'location=accra&location=tema',
      'min_price=1',
      'max_price=1',
      'min_price=1.01',
    ];
    const dates = [
      'created_after=2000-01-01',
      'created_before=2000-01-01',
      'created_after=2000-01-01T00:00:00.001Z',
    ];
    const bodies = new Map<string, string>();
    for (const query of [...queries, ...more, ...dates]) {
      const { body, headers } = await app.inject(`/properties/?${query}`);
      t.notMatch(headers['cache-status'], /hit/, query);
      bodies.set(query, body);
    }
    for (const [query, body] of bodies) t.equal((await app.inject(`/properties/?${query}`)).body, body);
  });
}
