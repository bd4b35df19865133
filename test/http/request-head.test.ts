import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { isHost } from '../../src/http-cache/rules/host.ts';
import { authorization, build, empty, LISTING } from '../helpers/app.ts';

const app = await build(t);
const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));

/** A connection on which a head was sent. */
function sent(requestLine: string, ...fields: string[]) {
  const socket = connect(Number(port), '127.0.0.1');
  socket.write([requestLine, ...fields, '', ''].join('\r\n'));
  return socket;
}

/** What is answered, of which the connection ends. */
const answerTo = (requestLine: string, ...fields: string[]) => text(sent(requestLine, ...fields));

const LIST = 'GET /properties/ HTTP/1.1';
const ADD = 'POST /properties/ HTTP/1.1';
const KEY = `Authorization: ${authorization}`;
const JSON_TYPE = 'Content-Type: application/json';
const CLOSE = 'Connection: close';

t.test(
  'a hit, a miss, an unknown route and a probe with a wrong Host are 400, and end the connection',
  async (t) => {
    for (const _ of ['loaded', 'found', 'known'])
      t.match(await answerTo(LIST, 'Host: x', CLOSE), /^HTTP\/1\.1 200/);
    for (const path of ['/properties/', '/properties/?limit=1', '/nothing', '/health/live'])
      for (const [what, ...fields] of [
        ['two', 'Host: a', 'Host: b'],
        ['two of one value', 'Host: a', 'hOST: a'],
        ['none'],
        ['an empty one', 'Host:'],
        ['two in one', 'Host: a, b'],
        ['two words', 'Host: a b'],
        ['a user', 'Host: u@a'],
      ] as const) {
        const answer = await answerTo(`GET ${path} HTTP/1.1`, ...fields);
        t.match(
          answer,
          /^HTTP\/1\.1 400 [\s\S]*^connection: close[\s\S]*"code":"PL_WRONG_HEAD","request_id"/im,
          `${path}: ${what}`,
        );
      }
  },
);

t.test('in HTTP/1.0 there may be no Host, but not two', async (t) => {
  t.match(await answerTo('GET /properties/ HTTP/1.0'), /^HTTP\/1\.1 200/);
  t.match(await answerTo('GET /properties/ HTTP/1.0', 'Host: a', 'Host: a'), /^HTTP\/1\.1 400/);
});

t.test('what may stand in Host', async (t) => {
  for (const host of [
    'a',
    'a.example.com',
    'a_b',
    'a:',
    'a:80',
    '127.0.0.1:8000',
    '[::1]',
    '[fe80::1]:80',
    'a%2d',
    'xn--4ca',
  ])
    t.ok(isHost(host), host);
  for (const host of [
    '',
    ' ',
    ':80',
    'a b',
    'a,b',
    'a/b',
    'a:b',
    'a:1:2',
    '::1',
    '[::1',
    '[:::1]',
    '[a]',
    'a%2',
    'u@a',
    'ä',
    'http://a',
  ])
    t.notOk(isHost(host), host);
});

t.test('a second Authorization or Content-Type is 400: it could be the one that is meant', async (t) => {
  const body = JSON.stringify(LISTING);
  for (const twice of [
    [KEY, 'authorization: Bearer other', JSON_TYPE],
    [KEY, JSON_TYPE, 'Content-Type: text/plain'],
  ]) {
    const answer = await answerTo(ADD, 'Host: x', ...twice, `Content-Length: ${body.length}`);
    t.match(answer, /^HTTP\/1\.1 400 [\s\S]*There is more than one (Authorization|Content-Type) field/);
  }
});

t.test('spaces before and behind the key, and the letters of its scheme, mean nothing', async (t) => {
  const [, key] = authorization.split(' ');
  for (const [credentials, status] of [
    [`Bearer  ${key}`, 404],
    [`bEARER    ${key}   `, 404],
    [`Bearer\t${key}`, 401],
    [`Bearer ${key} x`, 401],
    [`Bearer${key}`, 401],
    ['Bearer ', 401],
  ] as const) {
    const answer = await answerTo(
      'DELETE /properties/1000000/ HTTP/1.1',
      'Host: x',
      `Authorization: ${credentials}`,
      CLOSE,
    );
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), credentials);
  }
});

t.test('a request whose head is refused is not told to continue', async (t) => {
  const EXPECT = 'Expect: 100-continue';
  const LENGTH = 'Content-Length: 100';
  for (const [status, requestLine, ...fields] of [
    [401, 'POST /properties/bulk/ HTTP/1.1', JSON_TYPE, LENGTH],
    [401, 'DELETE /properties/1/ HTTP/1.1', LENGTH],
    [413, 'POST /properties/bulk/ HTTP/1.1', KEY, JSON_TYPE, 'Content-Length: 500000000'],
    [413, ADD, KEY, JSON_TYPE, 'Content-Length: 2000000'],
    [415, ADD, KEY, 'Content-Type: text/plain', LENGTH],
    [415, 'PATCH /properties/1/ HTTP/1.1', KEY, LENGTH],
    [404, 'POST /nothing HTTP/1.1', KEY, JSON_TYPE, LENGTH],
    [405, 'POST /properties/1/ HTTP/1.1', KEY, JSON_TYPE, LENGTH],
    [400, ADD, 'Host: y', KEY, JSON_TYPE, LENGTH],
    [200, LIST],
  ] as const) {
    const answer = await answerTo(requestLine, 'Host: x', EXPECT, ...fields);
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), requestLine);
  }
});

t.test('one whose head is right is, and answered when its body has come', async (t) => {
  await empty(app);
  const body = JSON.stringify(LISTING);
  for (const [length, sentBody] of [
    [`Content-Length: ${body.length}`, body],
    ['Transfer-Encoding: chunked', `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
  ] as const) {
    const socket = sent(ADD, 'Host: x', KEY, JSON_TYPE, length, 'Expect: 100-Continue', CLOSE);
    t.equal(String((await once(socket, 'data'))[0]), 'HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(sentBody);
    t.match(await text(socket), /^HTTP\/1\.1 201 /);
  }
});

t.test('what else is expected is 417, but in HTTP/1.0, which does not know the field', async (t) => {
  for (const expected of ['money', '100-continue, money', '']) {
    const answer = await answerTo(ADD, 'Host: x', KEY, JSON_TYPE, 'Content-Length: 2', `Expect: ${expected}`);
    t.match(answer, /^HTTP\/1\.1 417 [\s\S]*"code":"PL_EXPECTATION_FAILED"/, expected);
  }
  t.match(await answerTo('GET /properties/ HTTP/1.0', 'Expect: money'), /^HTTP\/1\.1 200/);
});
