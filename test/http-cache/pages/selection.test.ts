import t from 'tap';
import type { Entry } from '../../../src/cache/stores/store.ts';
import { toVaryMarker } from '../../../src/http-cache/pages/page.ts';
import { isAnswer, survivesError } from '../../../src/http-cache/pages/selection.ts';
import { cacheRequestOf } from '../../../src/http-cache/rules/cache-request.ts';
import { after, decidesItself, entry, TTL } from '../fixture.ts';

const asks = (field?: string, headers: Record<string, string> = {}) =>
  cacheRequestOf({
    method: 'GET',
    headers: { ...headers, ...(field !== undefined && { 'cache-control': field }) },
  });

const varyMarker: Entry = { ...entry(), value: toVaryMarker(['accept']) };

t.test('whether a page whose own headers decide answers (RFC 9111 §4)', async (t) => {
  const SWR = decidesItself({ whileRevalidate: 30 });
  for (const [what, made, field, seconds, is] of [
    ['fresh, it does', {}, undefined, TTL - 1, true],
    ['expired, it does not', {}, undefined, TTL + 1, false],
    ['expired, it does not from the first moment on', {}, undefined, TTL, false],
    ['expired, it does not for the rest of the second', {}, undefined, TTL + 0.5, false],
    ['expired, not one who wants it fresh', { whileRevalidate: 30 }, 'min-fresh=1', TTL + 5, false],
    [
      'expired, not one who says how old it may be (§5.2.1.1)',
      { whileRevalidate: 30 },
      'max-age=999',
      TTL + 5,
      false,
    ],
    ['fresh, not one who wants the word of the origin', {}, 'no-cache', 0, false],
    ['fresh, not one who wants it of no age', {}, 'max-age=0', 0, false],
    ['fresh, one who takes it of its age', {}, 'max-age=20', 20, true],
    ['fresh, not one who wants it younger', {}, 'max-age=20', 21, false],
    ['its age when it came counts', { age: 15 }, 'max-age=20', 6, false],
    ['fresh for as long as is wanted, it does (§5.2.1.3)', {}, 'min-fresh=20', TTL - 20, true],
    ['fresh for less than is wanted, it does not', {}, 'min-fresh=20', TTL - 19, false],
    ['expired, one who takes it expired for ever (§5.2.1.2)', {}, 'max-stale', TTL + 9_999_999, true],
    ['expired for as long as is taken, it does', {}, 'max-stale=10', TTL + 10, true],
    ['expired for longer than is taken, it does not', {}, 'max-stale=10', TTL + 11, false],
    ['expired, a max-stale that is no number takes nothing', {}, 'max-stale=x', TTL + 1, false],
    ['expired, not one who also wants it younger', {}, 'max-stale, max-age=30', TTL + 1, false],
    [
      'expired, while it is refreshed it does (RFC 5861 §3)',
      { whileRevalidate: 30 },
      undefined,
      TTL + 30,
      true,
    ],
    ['expired, after its window it does not', { whileRevalidate: 30 }, undefined, TTL + 31, false],
    ['expired, the wider window counts: its own', { whileRevalidate: 30 }, 'max-stale=10', TTL + 20, true],
    [
      'expired, the wider window counts: the one asked for',
      { whileRevalidate: 10 },
      'max-stale=30',
      TTL + 20,
      true,
    ],
    ['expired, its window for errors is for errors only', { ifError: 30 }, undefined, TTL + 5, false],
    [
      'expired, not one who wants the word of the origin',
      { whileRevalidate: 30 },
      'no-cache',
      TTL + 5,
      false,
    ],
    [
      'expired, not if it must be confirmed (§5.2.2.2)',
      { mustRevalidate: true, whileRevalidate: 30 },
      'max-stale',
      TTL + 5,
      false,
    ],
    ['fresh, also if it must be confirmed later', { mustRevalidate: true }, undefined, TTL - 1, true],
  ] as const) {
    t.test(what, async (t) => {
      t.equal(isAnswer(entry(decidesItself(made)), asks(field), after(seconds)), is);
    });
  }

  t.test('a page that was never fresh does not, however young it is', async (t) => {
    const old = { ...entry(decidesItself({ age: 90 })), ttl: -30 };
    t.equal(isAnswer(old, asks(), after(0)), false);
    t.equal(isAnswer(old, asks('max-stale=30'), after(0)), true);
    t.equal(isAnswer(old, asks('max-stale=29'), after(0)), false);
  });

  t.test('only a request with the fields that selected it gets it', async (t) => {
    const selected = entry({ ...SWR, selectedBy: { accept: 'a' } });
    t.equal(isAnswer(selected, asks(undefined, { accept: 'a' }), after(0)), true);
    t.equal(isAnswer(selected, asks(undefined, { accept: 'b' }), after(0)), false);
    t.equal(isAnswer(selected, asks('max-stale', { accept: 'b' }), after(TTL + 1)), false);
  });
});

t.test('whether a page whose route decides answers', async (t) => {
  for (const [what, field, seconds, is] of [
    ['fresh, it does', undefined, TTL - 1, true],
    ['expired, it does not', undefined, TTL, false],
    ['expired, it does not, even with max-stale', 'max-stale', TTL, false],
    ['fresh, it does whatever the client would rather have', 'no-cache, max-age=0, min-fresh=999', 9, true],
  ] as const) {
    t.test(what, async (t) => t.equal(isAnswer(entry(), asks(field), after(seconds)), is));
  }

  t.test('only a request with the fields that selected it gets it', async (t) => {
    const selected = entry({ selectedBy: { accept: 'a' } });
    t.equal(isAnswer(selected, asks(undefined, { accept: 'a' }), after(0)), true);
    t.equal(isAnswer(selected, asks(undefined, { accept: 'b' }), after(0)), false);
  });
});

t.test('a vary marker answers every request: where to look is always known', async (t) => {
  t.equal(isAnswer(varyMarker, asks('no-cache'), after(TTL * 9)), true);
});

t.test('whether a page is served because its origin failed (RFC 5861 §4)', async (t) => {
  for (const [what, made, field, anyway, past, is] of [
    ['within the window that it gives', { ifError: 30 }, undefined, 0, 30, true],
    ['not after it', { ifError: 30 }, undefined, 0, 31, false],
    ['within the window that the request gives', {}, 'stale-if-error=30', 0, 30, true],
    ['not after that', {}, 'stale-if-error=30', 0, 31, false],
    ['not for a window that is no number', {}, 'stale-if-error=x', 0, 5, false],
    ['within the window of this service', {}, undefined, 30, 30, true],
    ['not after that one', {}, undefined, 30, 31, false],
    ['the widest window counts', { ifError: 10 }, 'stale-if-error=30', 20, 30, true],
    ['not without a window', {}, undefined, 0, 5, false],
    ['not without one for the rest of the second either', {}, undefined, 0, 0.5, false],
    ['its window while it is refreshed is not for errors', { whileRevalidate: 30 }, undefined, 0, 5, false],
    [
      'never if it must be confirmed',
      { mustRevalidate: true, ifError: 30 },
      'stale-if-error=30',
      30,
      5,
      false,
    ],
  ] as const) {
    t.test(what, async (t) => {
      const found = entry(decidesItself(made));
      t.equal(survivesError(found, asks(field), after(TTL + past), anyway), is);
    });
  }

  t.test('a fresh one is not: it would have been an answer, if the client took it', async (t) => {
    t.equal(survivesError(entry(decidesItself({ ifError: 30 })), asks(), after(TTL - 5), 30), false);
  });

  t.test('not to a request that other fields select', async (t) => {
    const selected = entry({ ...decidesItself({ ifError: 30 }), selectedBy: { accept: 'a' } });
    t.equal(survivesError(selected, asks(undefined, { accept: 'a' }), after(TTL + 5), 0), true);
    t.equal(survivesError(selected, asks(undefined, { accept: 'b' }), after(TTL + 5), 0), false);
  });

  t.test('neither a vary marker nor a page whose route decides', async (t) => {
    t.equal(survivesError(varyMarker, asks(), after(TTL + 5), 30), false);
    t.equal(survivesError(entry(), asks(), after(TTL + 5), 30), false);
  });
});
