import t from 'tap';
import { cacheRequestOf, wantsOrigin } from '../../../src/http-cache/rules/cache-request.ts';

const sends = (headers: Record<string, string>, method = 'GET') => cacheRequestOf({ method, headers });

t.test('what a request asks', async (t) => {
  t.test('its fields are read once: those that go forward may be others', async (t) => {
    const headers: Record<string, string> = { accept: 'a' };
    const asked = sends(headers);
    delete headers.accept;
    t.equal(asked.headers.accept, 'a');
  });

  t.test('without Cache-Control Pragma counts (RFC 9111 §5.4)', async (t) => {
    t.ok(wantsOrigin(sends({ pragma: 'no-cache' })));
    t.notOk(wantsOrigin(sends({ pragma: 'x' })));
  });

  t.test('of Pragma nothing but no-cache counts', async (t) => {
    t.same([...sends({ pragma: 'only-if-cached, max-stale' }).directives], []);
  });

  t.test('a range is asked for by GET alone (RFC 9110 §14.2)', async (t) => {
    const headers = { range: 'bytes=0-1', accept: 'a' };
    t.strictSame(sends(headers).headers, headers);
    t.strictSame(sends(headers, 'HEAD').headers, { accept: 'a' });
  });

  t.test('with Cache-Control it does not', async (t) => {
    t.notOk(wantsOrigin(sends({ pragma: 'no-cache', 'cache-control': 'max-age=9' })));
  });
});

t.test('who wants the word of the origin (RFC 9111 §5.2.1)', async (t) => {
  for (const [field, wants] of [
    [undefined, false],
    ['no-cache', true],
    ['NO-CACHE', true],
    ['max-age=0', true],
    ['max-age=00', true],
    ['max-age', true],
    ['max-age=x', true],
    ['max-age=1', false],
    ['no-store', false],
    ['max-stale', false],
    ['min-fresh=9', false],
    ['only-if-cached', false],
  ] as const) {
    t.test(`"${field}" ${wants ? 'does' : 'does not'}`, async (t) =>
      t.equal(wantsOrigin(sends(field === undefined ? {} : { 'cache-control': field })), wants),
    );
  }
});
