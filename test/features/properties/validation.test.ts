import t, { type Test } from 'tap';
import { execute } from '../../../support/database.ts';
import { add, authorization, build, empty, LISTING, write } from '../../helpers/app.ts';

const app = await build(t);
await empty(app);
const { id } = await add(app);
const ROW = `/properties/${id}/`;

/** The JSON text of a listing with one field's value replaced by the text given. */
function textWith(field: string, text: string): string {
  const fields = { ...LISTING, [field]: '@@' };
  return JSON.stringify(fields).replace('"@@"', text);
}

async function nothingHasChanged(t: Test) {
  const { rows } = await execute(
    app.config.DATABASE_URL ?? '',
    'SELECT title, price::text FROM properties_property',
  );
  t.same(rows, [{ title: LISTING.title, price: LISTING.price }]);
  t.equal((await app.inject('/properties/')).json().properties.length, 1);
}

const TITLE = 'must be 1 to 200 characters of text without NUL, and not blank';
const DESCRIPTION = 'must be text without NUL, and not blank';
const LOCATION = 'must be 1 to 100 characters of text without NUL, and not blank';
const PRICE = 'must be from 0 to 99999999.99 with at most two decimals, as a string or a number';

const badFields: [field: string, what: string, text: string, message: string][] = [
  ['title', '201 characters', JSON.stringify('x'.repeat(201)), TITLE],
  ['title', '201 astral characters', JSON.stringify('😀'.repeat(201)), TITLE],
  ['location', '101 characters', JSON.stringify('x'.repeat(101)), LOCATION],
  ...(['title', 'description', 'location'] as const).flatMap((field) =>
    Object.entries({
      empty: '""',
      blanks: '" \\t\\r\\n"',
      'blanks of other scripts': '"\\u00a0\\u3000\\u2800\\u3164"',
      'joiners and marks that show nothing': '"\\u200b\\u200d\\u202e\\ufe0f\\ufeff"',
      'a NUL byte at its end': '"a\\u0000"',
      'a NUL byte': '"a\\u0000b"',
      'a lone high surrogate': '"\\ud83d"',
      'a lone low surrogate': '"\\ude00x"',
      'a number': '7',
      null: 'null',
      true: 'true',
      'an array': '["x"]',
      'an object': '{"__proto__":{"x":1}}',
    }).map(([what, text]): [string, string, string, string] => [
      field,
      what,
      text,
      { title: TITLE, description: DESCRIPTION, location: LOCATION }[field],
    ]),
  ),
  ...[
    '-1',
    '-0',
    '-0.01',
    '1e3',
    '1E3',
    '1e-2',
    '12.345',
    '100000000',
    '99999999.999',
    '12.3400000000000001',
    '12.34000000000000000000000000000000001',
    '0.1e1',
    '1e400',
    '"-1"',
    '"1e3"',
    '"12.345"',
    '"12,50"',
    '"100000000"',
    '"NaN"',
    '"Infinity"',
    '""',
    '" 1"',
    '"1 "',
    '"1."',
    '".5"',
    '"+1"',
    '"0x10"',
    '"١٢"',
    '"1\\n"',
    'true',
    'false',
    'null',
    '[1]',
    '{}',
  ].map((text): [string, string, string, string] => ['price', text, text, PRICE]),
];

for (const [field, what, text, message] of badFields) {
  t.test(`${field}: ${what} answers 400 to POST, PUT and PATCH, naming it alone`, async (t) => {
    for (const [method, url, body] of [
      ['POST', '/properties/', textWith(field, text)],
      ['PUT', ROW, textWith(field, text)],
      ['PATCH', ROW, `{"${field}":${text}}`],
    ] as const) {
      const response = await write(app, method, url, body);
      t.equal(response.statusCode, 400, method);
      t.same(response.json().errors, [{ in: 'body', field, message }]);
      t.equal(response.json().detail, `${field} ${message}`);
    }
  });
}

t.test('a number that is written NaN is no JSON', async (t) => {
  const response = await write(app, 'POST', '/properties/', textWith('price', 'NaN'));
  t.equal(response.statusCode, 400);
  t.match(response.json().detail, /not valid JSON/);
});

t.test('a number with a million zeros inside is refused at once', async (t) => {
  const text = `1.${'0'.repeat(1_000_000)}1`;
  const response = await write(app, 'POST', '/properties/', textWith('price', text));
  t.match(response.json(), { status: 400, errors: [{ field: 'price' }] });
});

t.test('a string of a million characters that never ends is refused at once', async (t) => {
  const response = await write(app, 'POST', '/properties/', `{"title":"${'\\"'.repeat(500_000)}`);
  t.equal(response.statusCode, 400);
  t.match(response.json().detail, /not valid JSON/);
});

t.test('several bad fields are named at once, unknown and missing ones too', async (t) => {
  const body = { title: '', price: '12,50', location: 7, rooms: 3 };
  const response = await write(app, 'POST', '/properties/', body);
  t.equal(response.statusCode, 400);
  const errors: { field: string; message: string }[] = response.json().errors;
  t.same(Object.fromEntries(errors.map(({ field, message }) => [field, message])), {
    title: TITLE,
    description: 'is required',
    price: PRICE,
    location: LOCATION,
    rooms: 'is not a known field',
  });
  t.equal(errors.length, 5, 'each once');
});

t.test('PUT needs every field and PATCH at least one', async (t) => {
  const put = await write(app, 'PUT', ROW, {});
  t.same(
    put.json().errors.map(({ field, message }: Record<string, string>) => `${field} ${message}`),
    ['title is required', 'description is required', 'price is required', 'location is required'],
  );
  const patch = await write(app, 'PATCH', ROW, {});
  t.match(patch.json(), {
    status: 400,
    errors: [{ in: 'body', field: 'body', message: /at least one of title/ }],
  });
});

for (const field of ['id', 'created_at', 'rooms', '__proto__', 'constructor', 'toString', 'a/b~c', '']) {
  t.test(`the unknown field ${JSON.stringify(field)} is named, and reaches no prototype`, async (t) => {
    const text = JSON.stringify(LISTING).replace(
      '}',
      `,${JSON.stringify(field)}:{"prototype":{"x":1},"x":1}}`,
    );
    for (const [method, url] of [
      ['POST', '/properties/'],
      ['PUT', ROW],
      ['PATCH', ROW],
    ] as const) {
      const response = await write(app, method, url, text);
      t.equal(response.statusCode, 400, method);
      t.match(response.json().errors, [{ in: 'body', message: 'is not a known field' }]);
      t.equal(response.json().errors[0].field, field || 'body');
    }
    t.equal(Reflect.get({}, 'x'), undefined);
  });
}

for (const [what, text, detail] of [
  ['no JSON', '{"title":', /^Body is not valid JSON/],
  ['JSON with more after it', '{} {}', /^Body is not valid JSON/],
  ['empty', '', /^body must be a JSON object/],
  ['an array', '[]', /^body must be a JSON object/],
  ['null', 'null', /^body must be a JSON object/],
  ['a string', '"title"', /^body must be a JSON object/],
  ['a number', '1e3', /^body must be a JSON object/],
] as const) {
  t.test(`a body that is ${what} answers 400 to POST, PUT and PATCH`, async (t) => {
    for (const [method, url] of [
      ['POST', '/properties/'],
      ['PUT', ROW],
      ['PATCH', ROW],
    ] as const) {
      const response = await write(app, method, url, text);
      t.equal(response.statusCode, 400, method);
      t.match(response.json().detail, detail);
    }
  });
}

t.test('a body that is not UTF-8 answers 400, and is not repaired', async (t) => {
  const payload = Buffer.concat([Buffer.from('{"title":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await app.inject({ method: 'PATCH', url: ROW, headers, payload });
  t.match(response.json(), { status: 400, code: 'PL_BODY_NOT_UTF8' });
});

t.test('DELETE with the header of a JSON body and no body works', async (t) => {
  const { id: other } = await add(app);
  t.equal((await write(app, 'DELETE', `/properties/${other}/`, '')).statusCode, 204);
});

t.test('no body at all answers 400', async (t) => {
  t.match((await write(app, 'POST', '/properties/')).json(), { status: 400, errors: [{ field: 'body' }] });
});

t.test('a body of 2 MB answers 413', async (t) => {
  const response = await write(app, 'POST', '/properties/', {
    ...LISTING,
    description: 'x'.repeat(2_000_000),
  });
  t.match(response.json(), { status: 413, code: 'FST_ERR_CTP_BODY_TOO_LARGE' });
});

for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense']) {
  t.test(`a body of type ${type} answers 415`, async (t) => {
    const response = await app.inject({
      method: 'POST',
      url: '/properties/',
      headers: { authorization, 'content-type': type },
      payload: JSON.stringify(LISTING),
    });
    t.equal(response.statusCode, 415);
    t.equal(response.headers['content-type'], 'application/problem+json');
  });
}

for (const badId of [
  '0',
  'abc',
  '-1',
  '01',
  '1.0',
  '1e3',
  '2147483648',
  '99999999999999',
  '%00',
  '1%20',
  '１',
  'cache-metric',
]) {
  t.test(`an id of ${badId} answers 400 to every method, naming it, and no page is looked up`, async (t) => {
    const url = `/properties/${encodeURI(decodeURI(badId))}/`;
    for (const response of [
      await app.inject(url),
      await write(app, 'PUT', url, LISTING),
      await write(app, 'PATCH', url, { title: 'T' }),
      await write(app, 'DELETE', url),
    ]) {
      t.equal(response.statusCode, 400);
      const message = 'must be a whole number from 1 to 2147483647';
      t.same(response.json().errors, [{ in: 'params', field: 'id', message }]);
      t.notOk('cache-status' in response.headers);
    }
  });
}

t.test('none of all this was stored or cached', nothingHasChanged);
