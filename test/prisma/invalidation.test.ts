import { createServer } from 'node:net';
import { createClient } from 'redis';
import t from 'tap';
import { openInvalidation } from '../../prisma/seed/invalidation.ts';
import { Keyspace } from '../../src/cache/redis/keyspace.ts';
import { freePort, scratchRedis, skipWithoutRedis } from '../../support/redis.ts';

t.test('without a Redis there is nothing to tell anyone', async (t) => {
  const { invalidate, close } = await openInvalidation({ url: undefined }, t.fail);
  await invalidate(['properties']);
  close();
});

t.test('with a Redis every tag of its namespace gets a new token', { skip: skipWithoutRedis }, async (t) => {
  const url = await scratchRedis(t);
  const client = createClient({ url });
  await client.connect();
  t.teardown(() => client.destroy());
  const [own, others] = [new Keyspace('listings'), new Keyspace('others')].map((each) =>
    each.token('properties'),
  );
  for (const key of [own, others]) await client.set(String(key), 'old');
  const { invalidate, close } = await openInvalidation({ url, namespace: 'listings' }, t.fail);
  await invalidate(['properties']);
  close();
  t.notMatch(await client.get(String(own)), /^old$/);
  t.equal(await client.get(String(others)), 'old', "that of another service's is not touched");
});

t.test('a Redis that refuses is worth one line, and no failure', async (t) => {
  const lines: string[] = [];
  const port = await freePort();
  const { invalidate, close } = await openInvalidation({ url: `redis://localhost:${port}` }, (line) =>
    lines.push(line),
  );
  await invalidate(['properties']);
  close();
  t.equal(lines.length, 1);
  t.match(
    lines[0],
    new RegExp(`^Redis at localhost:${port} does not answer \\(.*ECONNREFUSED.*\\): going on without it$`),
  );
});

t.test('a Redis that never answers is worth the same, after a moment', async (t) => {
  const lines: string[] = [];
  const mute = createServer((socket) => t.teardown(() => socket.destroy())).listen(0, '127.0.0.1');
  t.teardown(() => mute.close());
  await new Promise((resolve) => mute.once('listening', resolve));
  const { port } = Object(mute.address());
  const { invalidate, close } = await openInvalidation({ url: `redis://127.0.0.1:${port}` }, (line) =>
    lines.push(line),
  );
  await invalidate(['properties']);
  close();
  t.strictSame(lines, [
    `Redis at 127.0.0.1:${port} does not answer (no answer within 1000 ms): going on without it`,
  ]);
});

for (const url of ['localhost:6379', 'http://localhost', 'redis://a b']) {
  t.test(`a REDIS_URL of ${url} is an error that says what to write`, async (t) => {
    await t.rejects(openInvalidation({ url }, t.fail), {
      message: /^REDIS_URL is no Redis URL: write redis:/,
    });
  });
}
