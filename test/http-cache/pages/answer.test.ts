import t from 'tap';
import { answerWith } from '../../../src/http-cache/pages/answer.ts';
import { decidesItself, page } from '../fixture.ts';

const CHANGED = 'Sun, 06 Nov 1994 08:49:37 GMT';
const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT';
const LATER = 'Sun, 06 Nov 1994 08:50:37 GMT';

/** Of the content: a 304 does not repeat them (RFC 9110 §15.4.5). */
const CONTENT = {
  'content-type': 'text/plain',
  'content-encoding': 'br',
  'content-language': 'en',
  'content-length': '10',
};

/** What a 200 would say of how it may be kept: a 304 must say it, too. */
const KEEPING = {
  'cache-control': 'max-age=9',
  'content-location': '/x',
  date: LATER,
  etag: '"a"',
  expires: LATER,
  'last-modified': CHANGED,
  vary: 'accept',
};

const whole = page({ headers: { ...CONTENT, ...KEEPING } });

t.test('without a condition or a range it is the page', async (t) => {
  t.strictSame(answerWith(whole, {}), { status: 200, headers: whole.headers, body: whole.body });
});

t.test(
  'to a client that has it, it is a 304 with what says how to keep it, and nothing of the content',
  async (t) => {
    t.strictSame(answerWith(whole, { 'if-none-match': '"a"' }), { status: 304, headers: KEEPING });
  },
);

t.test('what the client has (RFC 9110 §13.2.2)', async (t) => {
  const tagged = { etag: '"a"' };
  const dated = { 'last-modified': CHANGED };
  for (const [what, headers, request, status] of [
    ['its tag is', tagged, { 'if-none-match': '"a"' }, 304],
    ['one of its tags is', tagged, { 'if-none-match': '"x", W/"a"' }, 304],
    ['other tags are not', tagged, { 'if-none-match': '"x", "y"' }, 200],
    ['* is', tagged, { 'if-none-match': '*' }, 304],
    ['* is also of a page without a tag', {}, { 'if-none-match': ' * ' }, 304],
    ['a tag of a page without one is not', {}, { 'if-none-match': '"a"' }, 200],
    ['an empty If-None-Match is not', tagged, { 'if-none-match': '' }, 200],
    ['the date of its last change is', dated, { 'if-modified-since': CHANGED }, 304],
    ['a later date is', dated, { 'if-modified-since': LATER }, 304],
    ['an earlier date is not', dated, { 'if-modified-since': BEFORE }, 200],
    ['a date in another form is', dated, { 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, 304],
    ['what is no date is not (§13.1.3)', dated, { 'if-modified-since': 'tomorrow' }, 200],
    ['a date of a page without one is not', tagged, { 'if-modified-since': LATER }, 200],
    [
      'a date of a page whose own is none is not',
      { 'last-modified': 'x' },
      { 'if-modified-since': LATER },
      200,
    ],
    [
      'a tag that fails is not made good by a date',
      { ...tagged, ...dated },
      { 'if-none-match': '"x"', 'if-modified-since': LATER },
      200,
    ],
    [
      'a tag is not undone by a date',
      { ...tagged, ...dated },
      { 'if-none-match': '"a"', 'if-modified-since': BEFORE },
      304,
    ],
    [
      'with a tag of a page without one the date does not count',
      dated,
      { 'if-none-match': '"a"', 'if-modified-since': LATER },
      200,
    ],
  ] as const) {
    t.test(what, async (t) => {
      const answer = answerWith(page({ headers }), request);
      t.equal(answer.status, status);
      t.equal(answer.body === undefined, status === 304);
    });
  }

  t.test(
    'where it has no Last-Modified its Date counts, if its own headers decide (RFC 9111 §4.3.2)',
    async (t) => {
      const headers = { date: CHANGED };
      const decided = page({ headers, ...decidesItself() });
      t.equal(answerWith(decided, { 'if-modified-since': CHANGED }).status, 304);
      t.equal(answerWith(decided, { 'if-modified-since': BEFORE }).status, 200);
      t.equal(answerWith(page({ headers }), { 'if-modified-since': LATER }).status, 200);
    },
  );

  t.test('where it has both, Last-Modified counts', async (t) => {
    const headers = { date: LATER, 'last-modified': CHANGED };
    const decided = page({ headers, ...decidesItself() });
    t.equal(answerWith(decided, { 'if-modified-since': CHANGED }).status, 304);
  });

  t.test('a tag of another coding of it is, if the tag was made here, and is said again', async (t) => {
    const made = { headers: tagged };
    const request = { 'if-none-match': '"a-gzip"' };
    t.strictSame(answerWith(page({ ...made, ownEtag: true }), request), {
      status: 304,
      headers: { etag: '"a-gzip"' },
    });
    t.equal(answerWith(page(made), request).status, 200);
  });

  t.test('its own tag is said as the page has it', async (t) => {
    const weak = page({ headers: { etag: 'W/"a"' } });
    t.strictSame(answerWith(weak, { 'if-none-match': '"a"' }).headers, { etag: 'W/"a"' });
  });

  t.test('of a page without a tag, none is said', async (t) => {
    t.strictSame(answerWith(page(), { 'if-none-match': '*' }), { status: 304, headers: {} });
  });
});

t.test('a part of the page (RFC 9110 §15.3.7)', async (t) => {
  t.test('is a 206 with its fields, the place of the part, and its bytes', async (t) => {
    const { status, headers, body } = answerWith(whole, { range: 'bytes=2-4' });
    t.equal(status, 206);
    t.strictSame(headers, { ...whole.headers, 'content-range': 'bytes 2-4/10' });
    t.equal(String(body), '234');
  });

  t.test('is a 206 even if it is all', async (t) => {
    const { status, headers, body } = answerWith(whole, { range: 'bytes=0-' });
    t.equal(status, 206);
    t.equal(headers['content-range'], 'bytes 0-9/10');
    t.equal(String(body), '0123456789');
  });

  t.test('that cannot be had is a 416 with the length of the page, and no body (§15.5.17)', async (t) => {
    const { status, headers, body } = answerWith(whole, { range: 'bytes=10-' });
    t.equal(status, 416);
    t.equal(headers['content-range'], 'bytes */10');
    t.equal(headers['content-type'], undefined);
    t.equal(headers['content-encoding'], undefined);
    t.equal(headers['content-length'], undefined);
    t.equal(body, undefined);
  });

  t.test('is not sent to a client that has the page: conditions come first (§13.2.2)', async (t) => {
    t.equal(answerWith(whole, { range: 'bytes=2-4', 'if-none-match': '"a"' }).status, 304);
    t.equal(answerWith(whole, { range: 'bytes=99-', 'if-none-match': '"a"' }).status, 304);
  });

  t.test('is sent when the condition fails', async (t) => {
    t.equal(answerWith(whole, { range: 'bytes=2-4', 'if-none-match': '"x"' }).status, 206);
  });

  t.test('is not sent to a client that has a part of another page', async (t) => {
    const answer = answerWith(whole, { range: 'bytes=2-4', 'if-range': '"x"' });
    t.equal(answer.status, 200);
    t.equal(answer.body?.byteLength, 10);
  });
});

t.test('a page of another status is sent whole, whatever is asked (RFC 9110 §13.2.1)', async (t) => {
  for (const status of [203, 301, 404, 410]) {
    for (const request of [
      { 'if-none-match': '*' },
      { 'if-modified-since': LATER },
      { range: 'bytes=0-1' },
    ]) {
      const other = page({ status, headers: KEEPING });
      t.strictSame(answerWith(other, request), { status, headers: KEEPING, body: other.body });
    }
  }
});
