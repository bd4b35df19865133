import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { encodeCursor } from '../../../../src/features/properties/lists/cursor.ts';
import type { ListQuery } from '../../../../src/features/properties/lists/list-query.ts';
import { listParameters, parseListQuery } from '../../../../src/features/properties/lists/parameters.ts';
import { type ModelQuery, queryOf, SORTS } from '../lists/model.ts';
import { cacheStatus, fill, idsOf, listed, row } from './fixture.ts';

const BY_SORT: readonly ModelQuery[] = [...SORTS.map((sort) => ({ sort })), { sort: 'relevance', q: 'flat' }];

export async function cursorsAreSafe(t: Test, app: FastifyInstance): Promise<void> {
  await fill(
    app,
    [1, 2, 3].map((id) => row(id)),
  );
  const nextOf = async (asked: ModelQuery) =>
    new URL(String((await listed(app, `/properties/${queryOf({ ...asked, limit: 1 })}`)).next), 'http://x');
  const cursorOf = async (asked: ModelQuery) => String((await nextOf(asked)).searchParams.get('cursor'));

  await t.test(
    'a cursor is refused with another sort or other filters, and taken with another limit',
    async (t) => {
      const questions: ModelQuery[] = [
        ...BY_SORT,
        { q: 'flat', sort: 'id' },
        { q: 'quiet' },
        { location: ['accra'] },
        { location: ['Accra', 'Tema'] },
        { min_price: '1' },
        { max_price: '1' },
        { created_after: '2000-01-01' },
        { created_before: '2030-01-01' },
      ];
      for (const [i, asked] of questions.entries()) {
        const cursor = await cursorOf(asked);
        for (const [j, other] of questions.entries()) {
          const url = `/properties/${queryOf({ ...other, limit: 7, cursor })}`;
          const response = await app.inject(url);
          t.equal(response.statusCode, i === j ? 200 : 400, url);
          if (i !== j) t.match(response.json().errors, [{ field: 'cursor' }]);
        }
      }
      const cursor = await cursorOf({});
      for (const query of [{ cursor }, { cursor, sort: 'id' }]) {
        const alone = await app.inject(`/properties/${queryOf(query)}`);
        t.match(alone.json().errors, [{ field: 'cursor', message: /and a limit$/ }], 'without a limit');
      }
    },
  );

  await t.test('garbage is refused', async (t) => {
    const cursor = await cursorOf({});
    const decoded = Buffer.from(cursor, 'base64url').toString();
    const encoded = (text: string) => Buffer.from(text).toString('base64url');
    for (const garbage of [
      '',
      'x',
      '.',
      '..',
      cursor.slice(0, -2),
      cursor.slice(1),
      `${cursor}AAAA`,
      encoded(`${decoded}0000`),
      encoded(` ${decoded}`),
      encoded(`${decoded}\n`),
      encoded(decoded.replace(/\.\d+$/, '')),
      encoded(`A${decoded.slice(1)}`),
      '%00',
      '\u0000',
      'é',
      '😀',
      '__proto__',
      'null',
      'A'.repeat(201),
      `${cursor}${'='.repeat(200)}`,
    ]) {
      const { statusCode, body } = await app.inject(`/properties/${queryOf({ limit: 1, cursor: garbage })}`);
      t.equal(statusCode, 400, `${garbage} ${body}`);
    }
  });

  await t.test('a forged cursor is refused, or is a place like any other', async (t) => {
    const numbers = [
      '0',
      '-0',
      '00',
      '1',
      '01',
      '-1',
      '1.00',
      '-0.00',
      '01.00',
      '1.0',
      '1.000',
      '1e3',
      '0x1',
      '+1',
    ];
    const extremes = ['2147483647', '2147483648', '-2147483648', '-2147483649', '9999999999', '99999999.99'];
    const wide = [
      '100000000.00',
      '-99999999.99',
      '9'.repeat(15),
      '9'.repeat(16),
      '9'.repeat(17),
      `-${'9'.repeat(16)}`,
    ];
    const moments = [
      '9224318015999999',
      '9224318016000000',
      '-210866803200000',
      '-210866803200001',
      '253402300800000',
    ];
    const words = [
      'NaN',
      '-NaN',
      'nan',
      'Infinity',
      '-Infinity',
      'infinity',
      'now',
      '2',
      "'",
      '$1',
      'null',
      '\0',
      '١',
      ' 1',
    ];
    const values = [...numbers, ...extremes, ...wide, ...moments, ...words];
    const taken = new Map<string, string>();
    for (const asked of BY_SORT) {
      const listQuery = rightly(asked);
      for (const value of values) {
        for (const id of [...numbers, ...extremes, 'NaN', '', value]) {
          const cursor = encodeCursor(listQuery, { value, id: id as never });
          // Only what is a number as PostgreSQL writes it gets as far as the database.
          const again = parseListQuery({ ...asked, limit: '2', cursor } as never);
          if ('errors' in again) continue;
          t.equal(listParameters(again.value).get('cursor'), cursor, 'it has one spelling');
          taken.set(`${asked.sort} ${value} ${id}`, `/properties/${queryOf({ ...asked, limit: 2, cursor })}`);
        }
      }
    }
    t.ok(taken.size > 200, `${taken.size} are places`);
    for (const [what, url] of taken) {
      const { statusCode } = await app.inject(url);
      if (statusCode !== 200) t.equal(statusCode, 200, what);
    }
  });

  await t.test('whatever a cursor holds, it is never an error of ours', async () => {
    const silly = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.stringMatching(/^-?\d{1,17}(\.\d\d)?$/),
      fc.constantFrom('NaN', 'Infinity', '-Infinity', '0', '1'),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...BY_SORT), silly, silly, async (asked, value, id) => {
        const cursor = encodeCursor(rightly(asked), { value, id: id as never });
        const { statusCode } = await app.inject(`/properties/${queryOf({ ...asked, limit: 2, cursor })}`);
        return statusCode === 200 || statusCode === 400;
      }),
      { numRuns: 150 },
    );
  });

  await t.test('a forged place between the rows is answered with the rows behind it', async (t) => {
    const after = async (asked: ModelQuery, value: string, id: number) => {
      const cursor = encodeCursor(rightly(asked), { value, id });
      return idsOf(await listed(app, `/properties/${queryOf({ ...asked, limit: 9, cursor })}`));
    };
    t.same(await after({ sort: 'price' }, '0.99', 3), [1, 2, 3]);
    t.same(await after({ sort: 'price' }, 'NaN', 3), []);
    t.same(await after({ sort: '-price' }, 'NaN', 3), [3, 2, 1]);
    t.same(await after({ sort: '-created_at' }, 'Infinity', 3), [3, 2, 1]);
    t.same(await after({ sort: 'created_at' }, '-Infinity', 3), [1, 2, 3]);
    t.same(await after({ sort: 'created_at' }, '1000000000000', 1), [2, 3]);
    t.same(await after({ q: 'flat' }, '0', 2), [3]);
    t.same(await after({ q: 'flat' }, '1', 0), []);
    t.same(await after({ q: 'quiet' }, '0', 2), [1, 2, 3]);
    t.same(await after({ sort: 'id' }, '-2147483648', -2147483648), [1, 2, 3]);
  });

  await t.test('every spelling of a cursor in base64 is one page', async (t) => {
    for (const asked of BY_SORT) {
      const cursor = await cursorOf(asked);
      const bytes = Buffer.from(cursor, 'base64url');
      const query = { ...asked, limit: 1 };
      await listed(app, `/properties/${queryOf({ ...query, cursor })}`);
      for (const spelled of [bytes.toString('base64'), `${cursor}==`, `${cursor}!`, ` ${cursor}`]) {
        const url = `/properties/${queryOf({ ...query, cursor: spelled })}`;
        t.match(await cacheStatus(app, url), /; hit/, `${spelled} by ${asked.sort}`);
      }
    }
  });
}

/** The list query that is asked. */
function rightly(asked: ModelQuery): ListQuery {
  const parsed = parseListQuery(asked as never);
  if ('value' in parsed) return parsed.value;
  throw new Error('it is asked wrongly');
}
