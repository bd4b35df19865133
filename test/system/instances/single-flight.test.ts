import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { LEADER_MS } from '../../../src/cache/core/single-flight.ts';
import { EVERY_PROPERTY } from '../../../src/features/properties/lists/list-query.ts';
import { listStatement } from '../../../src/features/properties/lists/list-statements.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { checkout, type Server, startServer } from '../../../support/server.ts';
import { WRITE_KEY } from '../../helpers/app.ts';
import { Gate } from '../../helpers/gate.ts';

/** What a query of the list has, and no other query. */
const LIST_QUERY = listStatement(EVERY_PROPERTY).text;

const REQUESTS = 1_000;

/** A way to PostgreSQL that counts the queries of the list, and holds their answers at a gate. */
async function countingQueries(t: Test, target: string, pass: () => Promise<void>) {
  const { hostname, port } = new URL(target);
  const queries = { count: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    let held: Promise<void> = Promise.resolve();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}); // The other side hears of its end.
    }
    client.on('data', (bytes) => {
      if (bytes.includes(LIST_QUERY)) {
        queries.count += 1;
        held = pass();
      }
      upstream.write(bytes);
    });
    upstream.on('data', async (bytes) => {
      await held;
      client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const url = new URL(target);
  url.port = String(Object(server.address()).port);
  return { url: url.href, queries };
}

t.test('a thousand who miss at once, over three instances', { skip: skipWithoutRedis }, async (t) => {
  const folder = await checkout(t);
  const gate = new Gate();
  let gated = false;
  const database = await scratchDatabase(t);
  const { url, queries } = await countingQueries(t, database, async () => {
    if (gated) await gate.pass();
  });
  const env = { DATABASE_URL: url, REDIS_URL: await scratchRedis(t), API_KEYS: WRITE_KEY, LOG_LEVEL: 'warn' };
  const servers: Server[] = [];
  for (const _ of [1, 2, 3]) servers.push(await startServer(t, folder, env));
  const agent = new Agent({
    keepAlive: true,
    maxSockets: Number.POSITIVE_INFINITY,
    maxFreeSockets: REQUESTS,
  });

  /** Asks until it is not refused: on a busy machine a thousand at once are more than can be begun in time. */
  const ask = async (index: number) => {
    for (;;) {
      const answer = await askOnce(index);
      if (answer.status !== 503) return answer;
    }
  };
  const askOnce = async (index: number) => {
    const request = get(`${servers[index % servers.length]?.address}/properties/`, { agent });
    const [response]: IncomingMessage[] = await once(request, 'response');
    if (!response) throw new Error('a response is an event with a message');
    const cache = String(response.headers['cache-status']);
    return { status: response.statusCode, cache, body: await text(response) };
  };
  const waiting = async () => {
    const metrics = await Promise.all(
      servers.map(async ({ address }) =>
        Object(await (await fetch(`${address}/properties/cache-metrics/`)).json()),
      ),
    );
    return metrics.reduce((sum, { layers }) => sum + layers.pages.local.waits, 0);
  };
  t.teardown(() => agent.destroy());
  // A process that has answered nothing yet takes seconds for its first thousand connections.
  const everybody = () => Promise.all(Array.from({ length: REQUESTS }, (_, index) => ask(index)));
  await everybody();
  await execute(database, 'TRUNCATE properties_property');
  while ((await ask(0)).cache.includes('; hit;'));
  await execute(database, 'TRUNCATE properties_property');
  const before = await waiting();
  gated = true;
  queries.count = 0;
  const began = performance.now();
  const answers = everybody();
  await gate.reached;
  while ((await waiting()) - before < REQUESTS - servers.length) await delay(50); // The others lead, or ask whether they may.
  const elapsed = performance.now() - began;
  t.comment(`all wait after ${Math.round(elapsed)} ms`);
  // An instance waits no longer than a leader's time for another one: then it may load for itself.
  const leaders = 1 + servers.length * Math.floor(elapsed / LEADER_MS);
  t.ok(queries.count >= 1 && queries.count <= leaders, `${queries.count} queries, of ${leaders} leaders`);
  const asked = queries.count;
  gate.open();
  for (const { status, body } of await answers) {
    if (status !== 200 || body !== '{"properties":[]}') t.fail(`${status} ${body}`);
  }
  t.equal(queries.count, asked, 'and none afterwards');
});
