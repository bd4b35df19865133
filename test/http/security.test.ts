import t from 'tap';
import { build, LISTING, settled, WRITE_KEY, write } from '../helpers/app.ts';

const SECOND_KEY = 'another-key-for-the-tests';
const app = await build(t, { API_KEYS: `${WRITE_KEY},${SECOND_KEY}` });

const WRITES = [
  { method: 'POST', url: '/properties/' },
  { method: 'PUT', url: '/properties/1/' },
  { method: 'PATCH', url: '/properties/1/' },
  { method: 'DELETE', url: '/properties/1/' },
] as const;

const NONE = 'Writing needs a key: send Authorization: Bearer <key>';
const WRONG =
  'That is not a write key of this server: see API_KEYS, or .data/api-key with the embedded database';

for (const [what, header, challenge, detail] of [
  ['no header', undefined, 'Bearer', NONE],
  ['an empty header', '', 'Bearer', NONE],
  ['another scheme', `Basic ${WRITE_KEY}`, 'Bearer', NONE],
  ['the key alone', WRITE_KEY, 'Bearer', NONE],
  ['a scheme without a key', 'Bearer ', 'Bearer', NONE],
  ['two words after the scheme', `Bearer ${WRITE_KEY} x`, 'Bearer', NONE],
  ['a wrong key', 'Bearer a-wrong-key-for-the-test', 'Bearer error="invalid_token"', WRONG],
  [
    'the first characters of a key',
    `Bearer ${WRITE_KEY.slice(0, -1)}`,
    'Bearer error="invalid_token"',
    WRONG,
  ],
  ['a key with one more character', `Bearer ${WRITE_KEY}x`, 'Bearer error="invalid_token"', WRONG],
  ['both keys as one', `Bearer ${WRITE_KEY},${SECOND_KEY}`, 'Bearer error="invalid_token"', WRONG],
  ['a key in other case', `Bearer ${WRITE_KEY.toUpperCase()}`, 'Bearer error="invalid_token"', WRONG],
] as const) {
  t.test(`with ${what} every write answers 401 and says what is needed`, async (t) => {
    for (const route of WRITES) {
      const headers = header === undefined ? {} : { authorization: header };
      const payload = route.method === 'DELETE' ? {} : { payload: LISTING };
      const response = await app.inject({ ...route, headers, ...payload });
      t.equal(response.statusCode, 401, route.method);
      t.equal(response.headers['www-authenticate'], challenge);
      t.match(response.json(), { code: 'PL_WRITE_KEY_REQUIRED', detail });
    }
  });
}

t.test(
  'without a key no client learns whether the rest was right: 401 comes before 400, 404 and 415',
  async (t) => {
    for (const request of [
      { method: 'POST', url: '/properties/', payload: { price: -1 } },
      { method: 'POST', url: '/properties/', headers: { 'content-type': 'application/json' }, payload: '{' },
      { method: 'POST', url: '/properties/', headers: { 'content-type': 'text/plain' }, payload: 'x' },
      { method: 'PUT', url: '/properties/abc/', payload: LISTING },
      { method: 'DELETE', url: '/properties/999/' },
    ] as const) {
      t.equal((await app.inject(request)).statusCode, 401);
    }
  },
);

t.test('each of several keys may write, whatever the case of the scheme', async (t) => {
  for (const authorization of [`Bearer ${WRITE_KEY}`, `bearer ${SECOND_KEY}`, `BEARER ${WRITE_KEY}`]) {
    const response = await app.inject({
      method: 'POST',
      url: '/properties/',
      headers: { authorization },
      payload: LISTING,
    });
    t.equal(response.statusCode, 201);
  }
});

t.test('reading needs no key, and a wrong one does not hinder it', async (t) => {
  t.equal((await app.inject('/properties/')).statusCode, 200);
  const headers = { authorization: 'Bearer a-wrong-key-for-the-test' };
  t.equal((await app.inject({ url: '/properties/', headers })).statusCode, 200);
});

const API = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

t.test('every answer of the API has them: pages, hits, 304s, writes and errors', async (t) => {
  const created = await settled(app, () => write(app, 'POST', '/properties/', LISTING));
  const answers = {
    'a write': created,
    'a miss': await app.inject('/properties/1/'),
    'a hit': await app.inject('/properties/1/'),
    'a 304': await app.inject({ url: '/properties/1/', headers: { 'if-none-match': '*' } }),
    'a HEAD': await app.inject({ method: 'HEAD', url: '/properties/1/' }),
    'a 204': await app.inject({ method: 'OPTIONS', url: '/properties/' }),
    'a 400': await app.inject('/properties/x/'),
    'a 401': await app.inject({ method: 'POST', url: '/properties/' }),
    'a 404': await app.inject('/nowhere'),
    'a 405': await app.inject({ method: 'PUT', url: '/properties/' }),
    metrics: await app.inject('/properties/cache-metrics/'),
    health: await app.inject('/health/live'),
    'the document': await app.inject('/openapi.json'),
  };
  for (const [what, { headers }] of Object.entries(answers)) t.match(headers, API, what);
});

t.test('nothing says which software answers, and TLS is left to the proxy that terminates it', async (t) => {
  const { headers } = await app.inject('/properties/');
  for (const name of ['server', 'x-powered-by', 'strict-transport-security']) t.notOk(name in headers, name);
});

t.test('a server without API_KEYS refuses every write and says why', async (t) => {
  const app = await build(t, { API_KEYS: '' });
  for (const headers of [{}, { authorization: `Bearer ${WRITE_KEY}` }]) {
    for (const route of WRITES) {
      const response = await app.inject({ ...route, headers });
      t.equal(response.statusCode, 401);
      t.match(response.headers['www-authenticate'], /^Bearer/);
      t.match(response.json().detail, /without API_KEYS\. Set API_KEYS/);
    }
  }
  t.equal((await app.inject('/properties/')).body, '{"properties":[]}');
});
