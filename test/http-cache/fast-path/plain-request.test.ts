import fc from 'fast-check';
import t from 'tap';
import { plainRequest as read } from '../../../src/http-cache/fast-path/plain-request.ts';

const HOST = ['Host', 'a.example.com'];

/** Of a request that has these fields behind the one that every request has. */
const plainRequest = (fields: readonly string[]) => read([...HOST, ...fields]);

const NOTHING = { ifNoneMatch: undefined, acceptEncoding: undefined, hasDirectives: false };

t.test('a plain request', async (t) => {
  t.test('may have no field but Host', async (t) => t.strictSame(plainRequest([]), NOTHING));

  for (const [name, value, found] of [
    ['If-None-Match', '"a"', { ifNoneMatch: '"a"' }],
    ['Accept-Encoding', 'gzip', { acceptEncoding: 'gzip' }],
    ['If-None-Match', '', { ifNoneMatch: '' }],
    ['Cache-Control', 'no-cache', { hasDirectives: true }],
    ['Pragma', 'no-cache', { hasDirectives: true }],
    ['Content-Type', 'application/json', {}],
    ['User-Agent', 'range', {}],
    ['Cookie', 'a=b', {}],
    ['X-Forwarded-Host', 'evil.example', {}],
    ['Accept', '*/*', {}],
    ['X-Range', 'bytes=0-1', {}],
    ['Rage', 'bytes=0-1', {}],
  ] as const) {
    for (const written of [name, name.toLowerCase(), name.toUpperCase()]) {
      t.test(`may have ${written}: ${value}`, async (t) => {
        t.strictSame(plainRequest(['Accept', 'b', written, value, 'Accept', 'b']), { ...NOTHING, ...found });
      });
    }
  }

  for (const [name, why] of [
    ['Authorization', 'its answer may be for one client (RFC 9111 §3.5)'],
    ['Content-Length', 'it has a body'],
    ['Transfer-Encoding', 'it has a body'],
    ['Expect', 'it waits to be told to go on'],
    ['If-Match', 'it has another condition'],
    ['If-Modified-Since', 'it has another condition'],
    ['If-Unmodified-Since', 'it has another condition'],
    ['If-Range', 'it asks for a part'],
    ['Range', 'it asks for a part'],
    ['Upgrade', 'it asks for another protocol'],
  ] as const) {
    for (const written of [name, name.toLowerCase(), name.toUpperCase()]) {
      t.test(`does not have ${written}: ${why}`, async (t) => {
        t.equal(plainRequest([written, 'x']), undefined);
        t.equal(plainRequest(['Accept-Encoding', 'br', written, '', 'Pragma', 'x']), undefined);
      });
    }
  }

  t.test('has one Content-Type: a second one is refused', async (t) => {
    t.equal(plainRequest(['Content-Type', 'a', 'content-type', 'a']), undefined);
  });

  t.test('has If-None-Match and Accept-Encoding once: twice is a list (RFC 9110 §5.3)', async (t) => {
    t.equal(plainRequest(['If-None-Match', '"a"', 'if-none-match', '"b"']), undefined);
    t.equal(plainRequest(['Accept-Encoding', 'br', 'accept-encoding', 'gzip']), undefined);
    t.equal(plainRequest(['Accept-Encoding', '', 'accept-encoding', 'gzip']), undefined);
  });

  t.test('has one Host, and a right one: what is wrong is not said here (RFC 9112 §3.2)', async (t) => {
    for (const host of ['a', 'a:80', '[::1]', 'a', 'A'])
      t.strictSame(read(['Accept', '*/*', 'hOST', host]), NOTHING);
    t.equal(read([]), undefined);
    t.equal(read(['Accept', '*/*']), undefined);
    t.equal(read(['Host', 'a', 'host', 'a']), undefined);
    for (const host of ['', 'a b', 'a, b', 'u@a']) t.equal(read(['Host', host]), undefined, host);
  });

  t.test('may have directives twice', async (t) => {
    t.match(plainRequest(['Cache-Control', 'a', 'Cache-Control', 'b', 'Pragma', 'c']), {
      hasDirectives: true,
    });
  });

  t.test('is not told by the value of a field, only by its name', async (t) => {
    t.strictSame(plainRequest(['X-A', 'Range', 'Range-X', 'Authorization']), NOTHING);
  });

  t.test('is the same with any other fields before, between and after', async (t) => {
    const ours = ['If-None-Match', '"a"', 'Accept-Encoding', 'br'];
    const others = fc.array(fc.tuple(fc.stringMatching(/^X-[A-Za-z-]{0,20}$/), fc.string()));
    fc.assert(
      fc.property(others, others, others, (before, between, after) => {
        const fields = [...before.flat(), ...ours.slice(0, 2), ...between.flat(), ...ours.slice(2)];
        t.same(plainRequest([...fields, ...after.flat()]), {
          ifNoneMatch: '"a"',
          acceptEncoding: 'br',
          hasDirectives: false,
        });
      }),
    );
  });
});
