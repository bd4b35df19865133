import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import t from 'tap';
import { keyIn, partsOf } from '../../../src/cache/core/key.ts';
import { boundedKey, inBuckets, pageKeyOf } from '../../../src/http-cache/pages/key.ts';

t.test('a bounded key', async (t) => {
  t.test('is the key itself, if that begins with / and is not too long', async (t) => {
    for (const key of ['/', '/a?b=c', `/${'x'.repeat(255)}`]) t.equal(boundedKey(key), key);
  });

  t.test('begins with /, whatever the key: the keys of encoded variants do not', async (t) => {
    t.equal(boundedKey('a'), '/a');
    t.equal(boundedKey(''), '/');
    t.equal(boundedKey('br:/a'), '/br:/a');
  });

  t.test('has at most 256 characters', async (t) => {
    t.equal(boundedKey('x'.repeat(256)).length, 256);
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (key) => {
        const bounded = boundedKey(key);
        return bounded.length <= 256 && bounded.startsWith('/');
      }),
    );
    t.pass();
  });

  t.test('of a longer one still begins as that does', async (t) => {
    t.ok(boundedKey(`/properties?${'x'.repeat(300)}`).startsWith('/properties?xxx'));
  });

  t.test('is another for another key, wherever they differ', async (t) => {
    const long = `/${'x'.repeat(400)}`;
    const keys = Array.from({ length: 400 }, (_, at) => `${long.slice(0, at + 1)}y${long.slice(at + 2)}`);
    t.equal(new Set([long, ...keys].map(boundedKey)).size, 401);
  });
});

t.test('a key in one of so many buckets', async (t) => {
  t.test('has what came after the ? behind a space, and the bucket before that', async (t) => {
    for (const asked of ['a=1', 'a=1?b', '', 'a=%20', '?'])
      t.match(inBuckets(`/x/?${asked}`, 16).split('\0'), [/^\/x\/\?~(\d|1[0-5])$/, asked]);
    t.equal(inBuckets('/x/?a=1', 1), keyIn('/x/?~0', 'a=1'));
  });

  t.test('is itself if it has no ?: it shares its bucket with no other', async (t) => {
    t.equal(inBuckets('/x/', 16), '/x/');
    t.equal(inBuckets('', 16), '');
  });

  t.test('is another for another key, and stands where it stood before', async (t) => {
    fc.assert(
      fc.property(
        fc.webQueryParameters(),
        fc.webQueryParameters(),
        fc.integer({ min: 1, max: 9 }),
        (a, b, n) => {
          const keys = [a, b, a].map((query) => inBuckets(`/x/?${query}`, n));
          return keys[0] === keys[2] && (keys[0] === keys[1]) === (a === b);
        },
      ),
    );
    t.pass();
  });

  t.test('has any of the buckets, and no other', async (t) => {
    const keys = Array.from({ length: 400 }, (_, index) => inBuckets(`/x/?a=${index}`, 8));
    const buckets = new Set(keys.map((key) => partsOf(key).bucket));
    t.same(
      [...buckets].sort(),
      Array.from({ length: 8 }, (_, index) => `/x/?~${index}`),
    );
  });

  t.test('still has its bucket when it is bounded', async (t) => {
    const long = (end: string) => boundedKey(inBuckets(`/x/?${'a'.repeat(1_000)}${end}`, 1));
    t.match(long(''), /^\/x\/\?~0\0a+#[\w-]{43}$/);
    t.equal(long('').length, 256);
    t.not(long(''), long('b'));
  });
});

t.test('a route whose schema hides its query parameters cannot be started', async (t) => {
  const properties = { page: {} };
  for (const querystring of [
    { $ref: 'query#' },
    { allOf: [{ properties }] },
    { properties, anyOf: [] },
    { properties, patternProperties: { '^x': {} } },
    {},
  ]) {
    for (const schema of [{ querystring }, { query: querystring }]) {
      const message = 'The query parameters of /a cannot be told from its schema: give pageCache a key';
      t.throws(() => pageKeyOf({ url: '/a', schema }), { message });
    }
  }
  t.doesNotThrow(() => pageKeyOf({ url: '/a', schema: { querystring: { properties } } }));
  t.doesNotThrow(() => pageKeyOf({ url: '/a', schema: { body: {} } }));
  t.doesNotThrow(() => pageKeyOf({ url: '/a' }));
});

t.test('the key of a route with constraints is another than that of the same URL without', async (t) => {
  const request = { params: {}, query: {} } as FastifyRequest;
  const keys = [undefined, { host: 'a' }, { host: 'b' }].map((constraints) =>
    pageKeyOf({ url: '/a', ...(constraints && { constraints }) })(request),
  );
  t.equal(new Set(keys).size, 3);
  t.equal(keys[0], '/a');
});
