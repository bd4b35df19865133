import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import t from 'tap';
import { compress, isCompressible } from '../../../src/http-cache/pages/compression.ts';
import { CODINGS } from '../../../src/http-cache/rules/coding.ts';
import { page } from '../fixture.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const LONG = Buffer.from('{"a":1}'.repeat(1_000));

const decompressors = { br: promisify(brotliDecompress), gzip: promisify(gunzip) };

t.test('whether a page may have encoded variants', async (t) => {
  const of = (headers: Record<string, string>, given = {}) =>
    isCompressible(page({ headers: { ...JSON_TYPE, ...headers }, body: LONG, ...given }));

  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/problem+json',
    'application/vnd.api+json; charset=utf-8',
    'application/xml',
    'application/atom+xml',
    'application/javascript',
    'text/html; charset=utf-8',
    'text/plain',
    'image/svg+xml',
  ]) {
    t.test(`${type} may`, async (t) => t.equal(of({ 'content-type': type }), true));
  }

  for (const type of [
    'image/png',
    'application/zip',
    'application/octet-stream',
    'application/jsonx',
    'application/x-json-not',
    'video/mp4',
    'x-text/html',
    '',
  ]) {
    t.test(`"${type}" may not`, async (t) => t.equal(of({ 'content-type': type }), false));
  }

  for (const [what, headers, given, may] of [
    ['without a type it may not', {}, { headers: {} }, false],
    ['of 1,024 bytes it may', {}, { body: Buffer.alloc(1_024) }, true],
    ['of fewer it may not: they fit in one packet', {}, { body: Buffer.alloc(1_023) }, false],
    ['of another status it may not', {}, { status: 404 }, false],
    ['that is coded already may not', { 'content-encoding': 'gzip' }, {}, false],
    ['that is a part may not', { 'content-range': 'bytes 0-9/10' }, {}, false],
    ['with no-transform may not (RFC 9111 §5.2.2.6)', { 'cache-control': 'public, No-Transform' }, {}, false],
    ['with other directives may', { 'cache-control': 'public, x-no-transform' }, {}, true],
  ] as const) {
    t.test(`a page ${what}`, async (t) => t.equal(of(headers, given), may));
  }
});

t.test('a page in another coding', async (t) => {
  const whole = page({
    headers: { ...JSON_TYPE, etag: '"a"' },
    body: LONG,
    ownEtag: true,
    hasEncodedVariants: true,
  });

  for (const coding of CODINGS) {
    t.test(`as ${coding} has the same content in fewer bytes, and says which coding it is`, async (t) => {
      const encoded = await compress(whole, coding);
      t.ok(encoded.body.byteLength < LONG.byteLength / 10);
      t.same(await decompressors[coding](encoded.body), LONG);
      t.equal(encoded.headers['content-encoding'], coding);
    });

    t.test(`as ${coding} has a strong tag of its own (RFC 9110 §8.8.3.3)`, async (t) => {
      const encoded = await compress(whole, coding);
      t.equal(encoded.headers.etag, `"a-${coding}"`);
    });

    t.test(`as ${coding} keeps a weak tag, and makes none where there is none`, async (t) => {
      const weak = await compress({ ...whole, headers: { ...JSON_TYPE, etag: 'W/"a"' } }, coding);
      t.equal(weak.headers.etag, 'W/"a"');
      const untagged = await compress({ ...whole, headers: JSON_TYPE }, coding);
      t.strictSame(untagged.headers, { ...JSON_TYPE, 'content-encoding': coding });
    });

    t.test(`as ${coding} is the page as it is, for good, if its bytes do not get fewer`, async (t) => {
      const random = { ...whole, body: randomBytes(2_000) };
      t.strictSame(await compress(random, coding), { ...random, hasEncodedVariants: false });
    });
  }

  t.test('is the same page otherwise', async (t) => {
    const { headers, body, ...rest } = await compress(whole, 'gzip');
    t.match(
      { headers, ...rest },
      { headers: JSON_TYPE, status: 200, ownEtag: true, hasEncodedVariants: true },
    );
    t.not(body, whole.body);
  });

  t.test('leaves the page that it was made of as it was', async (t) => {
    const before = { headers: { ...whole.headers }, bytes: Buffer.from(whole.body) };
    await compress(whole, 'br');
    t.same(whole.headers, before.headers);
    t.same(whole.body, before.bytes);
  });

  t.test('is made on another thread: this one goes on meanwhile', async (t) => {
    let isDone = false;
    const done = compress({ ...whole, body: Buffer.alloc(5_000_000, LONG) }, 'br').then(() => {
      isDone = true;
    });
    await new Promise(setImmediate);
    t.equal(isDone, false);
    await done;
  });
});
