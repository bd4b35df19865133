import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { fill, row } from './fixture.ts';

const LIST = [
  'location',
  'min_price',
  'max_price',
  'q',
  'created_after',
  'created_before',
  'sort',
  'limit',
  'cursor',
];
const COUNT = LIST.slice(0, 6);

const PRICES = [
  '',
  '-1',
  '+1',
  '1.',
  '.5',
  '1.001',
  '100000000',
  '000000001',
  '1e3',
  'NaN',
  'Infinity',
  '0x10',
  '1,5',
  '١',
  ' 1',
  '1 ',
];
const MOMENTS = [
  '',
  'now',
  'today',
  'infinity',
  '2025',
  '2025-08',
  '2025-8-31',
  '20250831',
  '2025-02-30',
  '2025-02-29',
  '1900-02-29',
  '2025-04-31T00:00:00Z',
  '2025-13-01',
  '2025-00-10',
  '2025-01-00',
  '2025-01-32',
  '0000-01-01',
  '0001-01-01T00:00:00+00:01',
  '9999-12-31T23:59:59-00:01',
  '10000-01-01',
  '-000001-01-01',
  '+002025-01-01',
  '2025-08-31T18:45:12',
  '2025-08-31 18:45:12Z',
  '2025-08-31T18Z',
  '2025-08-31T18:45:12.3456Z',
  '2025-08-31T18:45:12,3Z',
  '2025-08-31T25:00:00Z',
  '2025-08-31T24:00:01Z',
  '2025-08-31T18:60:00Z',
  '2025-08-31T18:45:60Z',
  '2025-08-31T18:45:12+24:00',
  '2025-08-31T18:45:12+01',
  '2025-08-31T18:45:12 01:00',
  '2025-08-31t18:45:12z',
  '2025-08-31T18:45Z\n',
];

/** By parameter, its wrong values as they are before they are put into an URL. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  location: ['', '\0', 'a\0b', 'x'.repeat(101), '😀'.repeat(101), 'İ'.repeat(101)],
  min_price: PRICES,
  max_price: PRICES,
  q: ['', ' ', '\n\t', '\u3000', '\0', 'x'.repeat(201), 'a b c d e f g h i j k'],
  created_after: MOMENTS,
  created_before: MOMENTS,
  sort: [
    '',
    '-',
    'title',
    'ID',
    '--id',
    '+id',
    'id,price',
    'relevance',
    '-relevance',
    'constructor',
    '__proto__',
  ],
  limit: ['', '0', '-1', '1.0', '1001', '00001', '1e1', '0x1', 'NaN', '99999', '१'],
  cursor: ['', 'x', 'A'.repeat(201)],
};

/** Queries that no `URLSearchParams` makes, and the parameter that they get wrong. */
const RAW: readonly (readonly [query: string, parameter: string])[] = [
  ['location', 'location'],
  ['location=', 'location'],
  ['location=Accra&location=', 'location'],
  ['location=%00', 'location'],
  ['q=%00', 'q'],
  ['q=a%00b', 'q'],
  ['min_price=%31%00', 'min_price'],
  ['created_after=2025-08-31T18:45:12+01:00', 'created_after'],
  ['limit=1&limit=2', 'limit'],
  ['limit=1&limit=x', 'limit'],
  ['sort=id&sort=-id', 'sort'],
  ['min_price=1&min_price=2', 'min_price'],
  ['max_price=1&max_price=1.01', 'max_price'],
  ['q=a&q=b', 'q'],
  ['created_after=2025-01-01&created_after=2025-01-02', 'created_after'],
  ['created_before=2025-01-01&created_before=2025-01-02', 'created_before'],
  [Array.from({ length: 11 }, (_, i) => `location=${i}`).join('&'), 'location'],
];

const UNKNOWN = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'prototype',
  'page',
  'Location',
  'LIMIT',
  'location[]',
  ' q',
  '😀',
  '$where',
];

/** Percent-encoding of what is no text, and parameters without a name. */
const NO_TEXT = ['%', '%zz', '%ff', '%c3', '%ed%a0%80', '%E0%A4%A', '%u0041', '%F5%80%80%80', '%c0%80'];

export async function wrongParametersAreRefused(t: Test, app: FastifyInstance): Promise<void> {
  await fill(app, [row(1)]);

  const refused = async (t: Test, url: string, fields: readonly string[]) => {
    for (const time of ['first', 'second']) {
      const response = await app.inject(url);
      const { statusCode, headers } = response;
      const { status, title, detail, errors } = response.json();
      const told = errors?.map(({ field }: { field: string }) => field).sort();
      const { 'content-type': type, 'cache-control': control, 'cache-status': cached } = headers;
      const expected = [
        400,
        400,
        'Bad Request',
        'application/problem+json',
        'no-store',
        undefined,
        [...fields].sort(),
      ];
      const found = [statusCode, status, title, type, control, cached, told];
      t.strictSame(found, expected, `${url.slice(0, 80)}, the ${time} time`);
      for (const field of fields) if (!detail.includes(field)) t.fail(`${detail} does not name ${field}`);
    }
  };

  await t.test('a wrong value is refused by the name of its parameter', async (t) => {
    for (const [name, values] of Object.entries(WRONG)) {
      for (const value of values) {
        const query = new URLSearchParams({ [name]: value });
        await refused(t, `/properties/?${query}`, [name]);
        if (COUNT.includes(name)) await refused(t, `/properties/count/?${query}`, [name]);
      }
    }
    for (const [query, name] of RAW) await refused(t, `/properties/?${query}`, [name]);
  });

  await t.test(
    'a range whose begin is after its end is refused by both names, and one of a point is none',
    async (t) => {
      for (const [from, to, range] of [
        ['min_price', 'max_price', ['2', '1.99']],
        ['min_price', 'max_price', ['10', '9']],
        ['created_after', 'created_before', ['2025-08-31T00:00:00.001Z', '2025-08-31']],
      ] as const) {
        const query = new URLSearchParams({ [from]: range[0], [to]: range[1] });
        await refused(t, `/properties/?${query}`, [from, to]);
        await refused(t, `/properties/count/?${query}`, [from, to]);
        t.equal(
          (await app.inject(`/properties/?${query}`)).json().detail,
          `${from} must not be above ${to}; ${to} must not be below ${from}`,
        );
        const point = new URLSearchParams({ [from]: range[0], [to]: range[0] });
        t.equal((await app.inject(`/properties/?${point}`)).statusCode, 200);
      }
    },
  );

  await t.test('what is said of a wrong value is what OpenAPI says of the parameter', async (t) => {
    const { parameters } = (await app.inject('/docs/json')).json().paths['/properties/'].get;
    t.same(
      parameters.map(({ name }: { name: string }) => name),
      LIST,
    );
    for (const { name, description } of parameters) {
      const [rule] = description.split('. For example: ');
      const { errors } = (await app.inject(`/properties/?${name}=`)).json();
      t.same(errors, [{ in: 'querystring', field: name, message: `must be ${rule}` }]);
    }
  });

  await t.test('an unknown parameter is refused with a list of the known ones', async (t) => {
    for (const [path, known] of [
      ['/properties/', LIST],
      ['/properties/count/', COUNT],
    ] as const) {
      for (const name of UNKNOWN) {
        const url = `${path}?${new URLSearchParams([[name, '1']])}`;
        await refused(t, url, [name]);
        const [error] = (await app.inject(url)).json().errors;
        t.equal(error.message, `is not a known parameter: use ${known.join(', ')}`);
      }
    }
    for (const name of ['sort', 'limit', 'cursor']) await refused(t, `/properties/count/?${name}=1`, [name]);
    t.equal((await app.inject('/properties/?=1')).statusCode, 400, 'a parameter without a name');
  });

  await t.test('all that is wrong is told at once', async (t) => {
    const wrong = LIST.map((name): [string, string] => [name, '\0']);
    await refused(t, `/properties/?${new URLSearchParams([...wrong, ['page', '1']])}`, [...LIST, 'page']);
    await refused(t, '/properties/?limit=0&min_price=a&max_price=1&__proto__=1', [
      'limit',
      'min_price',
      '__proto__',
    ]);
    await refused(t, '/properties/count/?q=&created_after=x&limit=1', ['q', 'created_after', 'limit']);
  });

  await t.test('what is no text in UTF-8 is no error of ours', async (t) => {
    for (const name of [...LIST, 'page', '']) {
      for (const text of NO_TEXT) {
        for (const url of [
          `/properties/?${name}=${text}`,
          `/properties/?${text}=${name}`,
          `/properties/count/?${name}=${text}`,
        ]) {
          const { statusCode } = await app.inject(url);
          if (statusCode !== 400 && statusCode !== 200) t.equal(statusCode, 400, url);
        }
      }
    }
  });

  await t.test('no query is an error of ours', async () => {
    const name = fc.oneof(fc.constantFrom(...LIST), fc.string({ maxLength: 5 }));
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.string({ maxLength: 12 }),
      fc.constantFrom(...Object.values(WRONG).flat()),
      fc.stringMatching(/^\d{1,9}(\.\d\d?)?$/),
      fc.constantFrom('id', '-price', 'relevance', 'flat', 'Accra', '2025-01-01', '10'),
    );
    const query = fc.array(fc.tuple(name, text), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom('', 'count/'), async (pairs, path) => {
        const url = `/properties/${path}?${new URLSearchParams(pairs)}`;
        const { statusCode } = await app.inject(url);
        assert.ok(statusCode === 200 || statusCode === 400, `${statusCode} for ${url}`);
      }),
      { numRuns: 250 },
    );
  });
}
