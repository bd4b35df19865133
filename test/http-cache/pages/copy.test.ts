import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import t from 'tap';
import { Copy, isTooLarge, tooLargeToKeep } from '../../../src/http-cache/pages/copy.ts';

/** What comes out of a stream that is copied, and what is told of it. */
async function copied(source: Readable, maxBytes: number) {
  const told: Buffer[] = [];
  const passed = await buffer(source.pipe(new Copy(maxBytes, (body) => told.push(body))));
  return { passed: passed.toString(), told: told.map(String) };
}

t.test('a stream is too large to be kept if it was marked so', async (t) => {
  const [large, other] = [Readable.from(['a']), Readable.from(['a'])];
  t.equal(tooLargeToKeep(large), large);
  t.equal(isTooLarge(large), true);
  t.equal(isTooLarge(other), false);
});

t.test('a copy of a stream', async (t) => {
  t.test('is told once, whole, when all has passed', async (t) => {
    t.same(await copied(Readable.from(['a', 'b', 'c']), 99), { passed: 'abc', told: ['abc'] });
  });

  t.test('of no bytes is told too', async (t) => {
    t.same(await copied(Readable.from([]), 99), { passed: '', told: [''] });
  });

  t.test('of as many bytes as there may be is told', async (t) => {
    t.same(await copied(Readable.from(['ab', 'c']), 3), { passed: 'abc', told: ['abc'] });
  });

  t.test('of more is not, but all of it passes', async (t) => {
    t.same(await copied(Readable.from(['ab', 'cd']), 3), { passed: 'abcd', told: [] });
    t.same(await copied(Readable.from(['abcd', '', '']), 3), { passed: 'abcd', told: [] });
  });

  t.test('counts bytes, not characters', async (t) => {
    t.same(await copied(Readable.from(['é']), 1), { passed: 'é', told: [] });
    t.same(await copied(Readable.from(['é']), 2), { passed: 'é', told: ['é'] });
  });

  t.test('is not told before the last byte has come', async (t) => {
    const told: Buffer[] = [];
    const copy = new Copy(99, (body) => told.push(body));
    copy.resume();
    await new Promise((resolve) => copy.write('a', resolve));
    t.same(told, []);
    await new Promise<void>((resolve) => copy.end('b', resolve));
    t.same(told.map(String), ['ab']);
  });

  t.test('is never told of a stream that fails', async (t) => {
    const told: Buffer[] = [];
    const broken = Readable.from(
      (async function* () {
        yield 'a';
        throw new Error('broken');
      })(),
    );
    const copy = new Copy(99, (body) => told.push(body));
    await t.rejects(pipeline(broken, copy, new PassThrough().resume()), { message: 'broken' });
    t.same(told, []);
  });

  t.test('is never told of one whose reader goes away', async (t) => {
    const told: Buffer[] = [];
    const source = new PassThrough();
    const copy = new Copy(99, (body) => told.push(body));
    const done = pipeline(source, copy, new PassThrough().resume());
    source.write('a');
    copy.destroy();
    await t.rejects(done);
    t.same(told, []);
  });

  t.test('of any pieces is what they are together, or nothing', async (t) => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }).map((bytes) => Buffer.from(bytes)));
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat(40), async (chunks, maxBytes) => {
        const whole = Buffer.concat(chunks);
        const told: Buffer[] = [];
        const copy = new Copy(maxBytes, (body) => told.push(body));
        const passed = await buffer(Readable.from(chunks).pipe(copy));
        t.ok(passed.equals(whole));
        t.equal(told.length, whole.byteLength <= maxBytes ? 1 : 0);
        t.ok(told.every((body) => body.equals(whole)));
      }),
    );
  });
});
