import { once } from 'node:events';
import { createServer, type RequestListener, ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { mock } from 'node:test';
import t, { type Test } from 'tap';
import {
  canSendPrepared,
  type Prepared,
  prepareResponse,
  sendPrepared,
} from '../../../src/http-cache/fast-path/prepared-response.ts';

const headOf = (length: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
const UNCHANGED = 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n';

/** One in which nothing is another for each request. */
const prepare = (status: number, head: string, body?: Buffer) => prepareResponse(status, [head, ''], 0, body);
const send = (response: ServerResponse, prepared: Prepared) => sendPrepared(response, prepared, '');

t.test('a prepared response', async (t) => {
  t.test('has the head and a short body in one piece', async (t) => {
    const { bytes, rest } = prepare(200, headOf(4), Buffer.from('body'));
    t.equal(bytes.toString(), `${headOf(4)}body`);
    t.equal(rest, undefined);
  });

  t.test('copies a body of 64 KB, and not a longer one', async (t) => {
    const short = Buffer.alloc(64 * 1024, 'a');
    const long = Buffer.alloc(64 * 1024 + 1, 'a');
    t.equal(prepare(200, 'head', short).rest, undefined);
    t.equal(prepare(200, 'head', short).bytes.byteLength, 4 + short.byteLength);
    t.ok(prepare(200, 'head', long).rest === long);
    t.equal(prepare(200, 'head', long).bytes.toString(), 'head');
  });

  t.test('without a body is its head', async (t) => {
    const { status, bytes, rest } = prepare(304, UNCHANGED);
    t.equal(status, 304);
    t.equal(bytes.toString(), UNCHANGED);
    t.equal(rest, undefined);
  });

  t.test('writes each character of a field as one byte, as Node does', async (t) => {
    const { bytes } = prepare(200, 'X-A: \xe9\xff\r\n\r\n');
    t.same(bytes.subarray(5, 7), Buffer.from([0xe9, 0xff]));
  });
});

/** What the server answers to two requests that come at once on one connection, which ends after the second. */
async function answersTo(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/last') response.once('finish', () => request.socket.end());
    listener(request, response);
  });
  t.teardown(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /last HTTP/1.1\r\nHost: a\r\n\r\n');
  return (await buffer(socket)).toString('latin1');
}

t.test('sending a prepared response', async (t) => {
  for (const [what, status, head, body] of [
    ['a short body', 200, headOf(5), Buffer.from('short')],
    ['a body of no bytes', 200, headOf(0), Buffer.alloc(0)],
    ['a body of many bytes', 200, headOf(1_000_000), Buffer.alloc(1_000_000, 'x')],
    ['no body', 304, UNCHANGED, undefined],
  ] as const) {
    t.test(`with ${what} sends these bytes, and the connection goes on`, async (t) => {
      const first = prepare(status, head, body);
      const last = prepare(200, headOf(4), Buffer.from('last'));
      const sent = await answersTo(t, ({ url }, response) => {
        send(response, url === '/first' ? first : last);
      });
      t.ok(sent === `${head}${body ?? ''}${headOf(4)}last`);
    });
  }

  t.test('can be done many times with one response, whose bytes stay as they are', async (t) => {
    const prepared = prepare(200, headOf(4), Buffer.from('body'));
    const sent = await answersTo(t, (_request, response) => send(response, prepared));
    t.equal(sent, `${headOf(4)}body`.repeat(2));
  });

  t.test('leaves the response as if Node had sent it', async (t) => {
    const states: unknown[] = [];
    await answersTo(t, ({ url }, response) => {
      response.once('finish', () => {
        const { statusCode, headersSent, writableEnded, writableFinished } = response;
        states.push({ statusCode, headersSent, writableEnded, writableFinished });
      });
      send(response, url === '/last' ? prepare(200, headOf(0)) : prepare(304, UNCHANGED));
    });
    const sent = { headersSent: true, writableEnded: true, writableFinished: true };
    t.same(states, [
      { statusCode: 304, ...sent },
      { statusCode: 200, ...sent },
    ]);
  });

  t.test('takes no field after it', async (t) => {
    await answersTo(t, (_request, response) => {
      send(response, prepare(200, headOf(0)));
      t.throws(() => response.setHeader('x-late', '1'), { code: 'ERR_HTTP_HEADERS_SENT' });
    });
  });
});

t.test('whether this Node can send it', async (t) => {
  t.test('it can', async (t) => t.equal(canSendPrepared(), true));

  t.test('one that would write a head of its own cannot', async (t) => {
    const { end } = ServerResponse.prototype;
    const changed = mock.method(
      ServerResponse.prototype,
      'end',
      function (this: ServerResponse, body: Buffer) {
        Object.assign(this, { _header: null, _headerSent: false });
        return Reflect.apply(end, this, [body]);
      },
    );
    t.teardown(() => changed.mock.restore());
    t.equal(canSendPrepared(), false);
  });

  t.test('one that would send nothing cannot', async (t) => {
    const changed = mock.method(ServerResponse.prototype, 'end', () => {});
    t.teardown(() => changed.mock.restore());
    t.equal(canSendPrepared(), false);
  });
});
