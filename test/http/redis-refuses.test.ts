import { once } from 'node:events';
import { createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance } from 'fastify';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { scratchDatabase } from '../../support/database.ts';
import { skipWithoutRedis, startRedis } from '../../support/redis.ts';
import { openRedis } from '../helpers/stores.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly reason?: string;
  readonly refused?: readonly { readonly command: string; readonly reason: string }[];
}

const INFO = 30;

/** The service on a Redis, and the lines of its log about Redis and the cache from now on. */
async function service(t: Test, REDIS_URL: string) {
  const lines: Line[] = [];
  const log = {
    write(text: string) {
      const line: Line = JSON.parse(text);
      if (line.level > INFO || /Redis|cache/.test(line.msg)) lines.push(line);
    },
  };
  const env = { DATABASE_URL: await scratchDatabase(t), REDIS_URL };
  const app = await buildApp({ env, dataDirectory: 'unused', log });
  t.teardown(() => app.close());
  return { app, lines };
}

const event = (app: FastifyInstance, name: 'lost' | 'ready') =>
  new Promise<void>((resolve) => app.redisConnection?.events.once(name, () => resolve()));

/** What each of those who may be asked says of Redis, and whether the cache is used. */
async function toldBy(app: FastifyInstance) {
  const health = (await app.inject('/health/ready')).json().dependencies.redis;
  const metrics = (await app.inject('/metrics')).body;
  const figure = (name: string) =>
    metrics
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.at(-1);
  const { bypassed } = (await app.inject('/properties/cache-metrics/')).json();
  return [health, figure('dependency_up{dependency="redis"}'), figure('cache_bypassed'), bypassed];
}

const UP = ['up', '1', '0', false];
const DOWN = ['down', '0', '1', true];

/** Until all say so: on a busy machine PostgreSQL, too, may not be heard of for a moment. */
async function untilUp(app: FastifyInstance): Promise<void> {
  while (!isDeepStrictEqual(await toldBy(app), UP));
}

t.test('a Redis that refuses writes', { skip: skipWithoutRedis }, async (t) => {
  const redis = await startRedis(t);
  const admin = await openRedis(t, redis.url);
  const { app, lines } = await service(t, redis.url);
  await untilUp(app);
  lines.length = 0;

  t.test('is one line with what it says, and one when it no longer does; all say the same', async (t) => {
    await untilUp(app);
    const lost = event(app, 'lost');
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await app.caches.invalidate(['properties']);
    await lost;
    for (let more = 0; more < 3; more += 1) await app.caches.invalidate(['properties']);
    t.same(await toldBy(app), DOWN);
    const ready = event(app, 'ready');
    await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await ready;
    await untilUp(app);
    t.match(lines, [
      { msg: 'Redis refuses to serve: reading from PostgreSQL until it does', reason: /^READONLY / },
      { level: INFO, msg: 'Redis answers again' },
    ]);
    t.equal(lines.length, 2);
  });

  t.test('for want of memory is one line too, and what is there is served', async (t) => {
    lines.length = 0;
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '1']);
    await app.caches.invalidate(['properties']);
    const refused = async () => (await app.inject('/properties/')).headers['cache-status'];
    t.equal(await refused(), 'property-listings; fwd=bypass');
    while (lines.length === 0) await new Promise(setImmediate);
    t.match(lines, [
      {
        msg: 'Redis does not allow all that the cache asks: going without',
        refused: [{ command: 'SET', reason: /^OOM / }],
      },
    ]);
    t.same((await toldBy(app)).slice(0, 2), UP.slice(0, 2));
    await admin.sendCommand(['CONFIG', 'SET', 'maxmemory', '0']);
    app.redisRefusals?.look(); // As it does by itself every five seconds.
    while (lines.length === 1) await new Promise(setImmediate);
    t.match(lines[1], { level: INFO, msg: 'Redis allows all that the cache asks again' });
  });
});

t.test('a Redis that refuses every client: the log has its reason, once', async (t) => {
  const said = 'DENIED Redis is running in protected mode';
  let times = 0;
  const thrice = new Promise<void>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => {}).end(`-${said}\r\n`);
      times += 1;
      if (times === 3) resolve();
    });
  });
  const { app, lines } = await service(t, await listening());
  await thrice;
  t.same(await toldBy(app), DOWN);
  t.match(lines, [{ msg: /^Redis refuses to serve/, reason: said }]);
  t.equal(lines.length, 1);
});

const server = createServer();

async function listening(): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `redis://localhost:${Object(server.address()).port}`; // By name: node-redis would look it up first.
}
