import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { codeOf } from '../../../src/platform/index.ts';
import { scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { checkout, startServer } from '../../../support/server.ts';
import { authorization, LISTING, WRITE_KEY } from '../../helpers/app.ts';
import { proxyTo } from '../../helpers/proxy.ts';

/** A client's thoughts between two requests: this machine must not be what is measured. Milliseconds. */
const PAUSE_MS = 5;

t.test('a server under load that is told to end', async (t) => {
  const DATABASE_URL = await scratchDatabase(t);
  const env = { DATABASE_URL, API_KEYS: WRITE_KEY, DRAIN_SECONDS: '1', TRACED: '1' };
  const server = await startServer(t, await checkout(t), env);
  await fetch(`${server.address}/properties/`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(LISTING),
  });
  const events: string[] = [];
  const note = (event: string) => void (events.includes(event) || events.push(event));

  /** Sends requests on one connection at a time until none is accepted; resolves with whether the last answer closed its connection. */
  const keepAsking = async (path: string, expected: (status: number) => boolean): Promise<boolean> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.teardown(() => agent.destroy());
    let wasReset = false;
    for (let told = false; ; await delay(PAUSE_MS)) {
      try {
        const [response]: IncomingMessage[] = await once(get(server.address + path, { agent }), 'response');
        if (!response) throw new Error('a response is an event with a message');
        await text(response);
        if (wasReset) note('answered after a reset');
        told ||= response.headers.connection === 'close';
        if (!expected(response.statusCode ?? 0)) note(`${path} ${response.statusCode}`);
        else if (path === '/health/ready') note(`ready ${response.statusCode}`);
        else if (events.includes('ready 503')) note('answered after');
      } catch (error) {
        if (Object(error).syscall === 'connect') {
          note('refused');
          return told;
        }
        // A connection that is made as the listener closes is reset by the system: the next one is refused.
        if (codeOf(error) === 'ECONNRESET') wasReset = true;
        else note(String(error));
      }
    }
  };
  const clients = [
    '/properties/',
    '/properties/',
    '/properties/1/',
    '/properties/?limit=1',
    '/properties/9/',
  ].map((path) => keepAsking(path, (status) => status === (path.endsWith('/9/') ? 404 : 200)));
  clients.push(keepAsking('/health/ready', (status) => status === 200 || status === 503));
  while (!events.includes('ready 200')) await delay(PAUSE_MS);
  t.equal(await server.stop('SIGTERM'), 0);
  t.same(
    await Promise.all(clients),
    clients.map(() => true),
    'every client was told that its connection ends',
  );
  t.same(
    events,
    ['ready 200', 'ready 503', 'answered after', 'refused'],
    'and nothing else happened, in this order',
  );
  const said = server.output().match(/"msg":"stop\w+/g);
  t.equal(said?.length, 3, 'one line a step');
});

t.test(
  'what does not finish, and what does not answer, cannot hold the end',
  { skip: skipWithoutRedis },
  async (t) => {
    const toPostgres = await proxyTo(t, await scratchDatabase(t));
    const toRedis = await proxyTo(t, await scratchRedis(t));
    const server = await startServer(t, await checkout(t), {
      DATABASE_URL: toPostgres.url,
      REDIS_URL: toRedis.url,
      API_KEYS: WRITE_KEY,
      TRACED: '1',
    });
    const send = (bytes: string) => {
      const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
      socket.on('error', () => {}); // It is cut off.
      t.teardown(() => socket.destroy());
      socket.write(bytes);
    };
    toPostgres.drop();
    toRedis.drop();
    const head = `Host: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n`;
    send(`POST /properties/ HTTP/1.1\r\n${head}Content-Length: 1000\r\n\r\n{`);
    send('GET /properties/?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n');
    send('');
    await fetch(`${server.address}/health/live`); // The others came before it.
    t.equal(await server.stop('SIGTERM'), 0);
    t.match(server.output(), 'cutting off the requests that are not finished');
    t.match(server.output(), 'ending with something still open');
  },
);
