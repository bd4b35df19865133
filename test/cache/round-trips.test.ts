import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { createCaches } from '../../src/cache/caches.ts';
import { RedisStore } from '../../src/cache/redis/redis-store.ts';
import { scratchRedis, skipWithoutRedis } from '../../support/redis.ts';
import { openRedis } from '../helpers/stores.ts';
import { PATIENT_CACHES } from '../helpers/times.ts';

/** A way to Redis that counts how often something was asked after everything before was answered. */
async function countingTrips(t: Test) {
  const { hostname, port, pathname } = new URL(await scratchRedis(t));
  const trips = { count: 0 };
  let asking = false;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => {}));
    client.on('data', (bytes) => {
      if (!asking) trips.count += 1;
      asking = true;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      asking = false;
      client.write(bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const store = new RedisStore(
    await openRedis(t, `redis://127.0.0.1:${Object(server.address()).port}${pathname}`),
  );
  const during = async (what: () => Promise<unknown>): Promise<number> => {
    trips.count = 0;
    await what();
    return trips.count;
  };
  return { store, during };
}

t.test('round trips to Redis', { skip: skipWithoutRedis }, async (t) => {
  const { store, during } = await countingTrips(t);
  const { data, invalidate } = createCaches({
    store,
    everything: ['tag'],
    staleIfError: 0,
    ...PATIENT_CACHES,
  });
  const tags = Array.from({ length: 50 }, (_, row) => `row:${row}`);
  const get = () =>
    data.get('key', { tags: tags.slice(0, 3), ttl: 60 }, async () => ({
      head: {},
      body: Buffer.alloc(1000),
    }));

  t.test('a hit is one, however many tags it has', async (t) => {
    await get();
    await store.read('data:key', []); // What the fill asks after the answer has been answered too.
    t.equal(await during(get), 1);
  });

  t.test('an invalidation is one, however many tags it has', async (t) => {
    t.equal(await during(() => invalidate(tags)), 1);
    t.equal(await during(() => store.invalidate(tags, '1')), 1, 'heard of by every instance');
  });
});
