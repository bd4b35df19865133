import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import Fastify from 'fastify';
import t, { type Test } from 'tap';
import { MAX_WAITING_BYTES } from '../../../src/features/dashboard/event-stream.ts';
import { EventStreams, MAX_STREAMS } from '../../../src/features/dashboard/event-streams.ts';
import { problems } from '../../../src/http/problems.ts';
import { EVENTS, open } from './event-client.ts';

const FIRST = 'data: first\n\n';
const BEGINNING = `retry: 2000\n\n${FIRST}`;

/** Streams on real sockets, on which only the test sends anything. */
async function listen(t: Test) {
  const app = Fastify();
  const streams = new EventStreams();
  const responses: ServerResponse[] = [];
  await app.register(problems);
  app.get(EVENTS, async (_, reply) => {
    responses.push(reply.raw);
    return reply.header('connection', 'close').send(streams.open(reply.raw, () => FIRST));
  });
  app.addHook('preClose', async () => streams.close());
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, streams, responses };
}

/** Says something again and again until the system takes no more of it for a client that does not read. */
async function fill(streams: EventStreams, response: ServerResponse | undefined): Promise<void> {
  while (response?.writableLength === 0) {
    streams.say('x'.repeat(MAX_WAITING_BYTES / 16));
    for (let turns = 0; turns < 10; turns += 1) await turn();
  }
}

/** The client reads no more than it has. */
function stall(response: IncomingMessage): void {
  response.on('error', () => {}); // It is cut off.
  response.pause();
}

t.test('an event reaches every client, after the retry time and the first event', async (t) => {
  const { app, streams } = await listen(t);
  const bodies = [text(await open(t, app)), text(await open(t, app))];
  streams.say('data: second\n\n');
  await app.close();
  t.same(await Promise.all(bodies), Array(2).fill(`${BEGINNING}data: second\n\n`));
});

t.test('the stream after 64 is refused; there is room when a client has gone', async (t) => {
  const { app, streams } = await listen(t);
  const watching = await Promise.all(Array.from({ length: MAX_STREAMS }, () => open(t, app)));
  t.same([...new Set(watching.map(({ statusCode }) => statusCode))], [200]);
  const refused = await open(t, app);
  t.equal(refused.statusCode, 503);
  t.equal(refused.headers['content-type'], 'application/problem+json');
  t.equal(refused.headers['retry-after'], '1');
  t.match(JSON.parse(await text(refused)), { status: 503, code: 'PL_TOO_MANY_STREAMS' });
  watching[0]?.destroy();
  while (streams.size === MAX_STREAMS) await turn();
  t.equal((await open(t, app)).statusCode, 200);
});

t.test('a client that does not read is ended, and the others are not', async (t) => {
  const { app, streams } = await listen(t);
  const [slow, fast] = [await open(t, app), await open(t, app)];
  stall(slow);
  let received = 0;
  fast.on('data', ({ length }: Buffer) => {
    received += length;
  });
  const frame = 'x'.repeat(MAX_WAITING_BYTES / 4);
  for (let said = BEGINNING.length; streams.size === 2; said += frame.length) {
    streams.say(frame);
    while (received < said + frame.length) await turn(); // It keeps up.
  }
  t.equal(streams.size, 1);
  t.ok(received > MAX_WAITING_BYTES, 'not before there is too much');
  const more = once(fast, 'data');
  streams.say('data: still here\n\n');
  t.match(String((await more)[0]), /still here/);
});

t.test('a client that was ended and is told more in the same turn does no harm', async (t) => {
  const { app, streams } = await listen(t);
  const response = await open(t, app);
  const cut = once(response, 'error');
  response.resume();
  for (let frames = 0; frames < 3; frames += 1) streams.say('x'.repeat(MAX_WAITING_BYTES));
  await cut;
  t.equal(streams.size, 0);
});

t.test('the end of the service ends them, and one that does not read holds up nothing', async (t) => {
  const { app, streams, responses } = await listen(t);
  const slow = await open(t, app);
  stall(slow);
  await fill(streams, responses[0]);
  const fast = text(await open(t, app));
  await app.close(); // tap gives it 30 seconds.
  t.equal(await fast, BEGINNING);
  t.equal(streams.size, 0);
  t.doesNotThrow(() => streams.say('no stream is open'));
});

t.test('a client that comes while the service ends gets the beginning, and its end', async (t) => {
  const { app, streams } = await listen(t);
  streams.close();
  t.equal(await text(await open(t, app)), BEGINNING);
  t.equal(streams.size, 0);
});
