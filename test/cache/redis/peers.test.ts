import type { RedisClientType } from 'redis';
import t from 'tap';
import { openRedis as openConnection } from '../../../src/cache/redis/connection.ts';
import { trackTokens } from '../../../src/cache/redis/tracking.ts';
import { TokenMirror } from '../../../src/cache/stores/token-mirror.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { Gate } from '../../helpers/gate.ts';
import { openLocalTier, openRedis } from '../../helpers/stores.ts';

t.test('processes that mirror the tokens of one Redis', { skip: skipWithoutRedis }, async (t) => {
  const url = await scratchRedis(t);

  t.test('a writer is answered when every other one has forgotten', async (t) => {
    const [writer, ...others] = await Promise.all([1, 2, 3].map(() => openLocalTier(t, url)));
    for (let round = 0; round < 50; round += 1) {
      for (const { store } of others) await store.read('key', ['tag', 'other']);
      await writer?.store.invalidate(['tag']);
      for (const { mirror } of others) {
        t.equal(mirror.tokens(['tag']), undefined);
        t.ok(mirror.tokens(['other']));
      }
    }
  });

  t.test('a process without peers does not wait', async (t) => {
    const { store } = await openLocalTier(t, await scratchRedis(t));
    for (let round = 0; round < 20; round += 1) await store.invalidate(['tag']);
    t.pass('else it would wait longer than a test may take');
  });

  t.test('one that never answers costs its time, and not the invalidation', async (t) => {
    const writer = await openLocalTier(t, url, { peersMs: 20 });
    const mute = await openRedis(t, url);
    const asked: { id: string; answerTo: string }[] = [];
    await mute.subscribe('cache:forget', (message) => asked.push(JSON.parse(message)));
    const before = (await writer.store.read('key', ['tag'])).tokens.tag;
    await writer.store.invalidate(['tag']);
    t.equal(asked.length, 1);
    t.not((await writer.store.read('key', ['tag'])).tokens.tag, before);
    for (const { id, answerTo } of asked)
      t.equal(await mute.publish(answerTo, id), 1, 'an answer that comes late');
    t.equal(await writer.connection.client.ping(), 'PONG', 'is none any more');
    await mute.unsubscribe();
  });

  t.test('peers are not asked for a change that every instance hears of', async (t) => {
    const muted = { peersMs: 20 }; // The listener does not answer.
    const [writer, other] = await Promise.all([openLocalTier(t, url, muted), openLocalTier(t, url)]);
    const told: string[] = [];
    const listener = await openRedis(t, url);
    await listener.subscribe('cache:forget', (message) => told.push(message));
    await writer.store.invalidate(['tag'], '1');
    await writer.connection.client.ping();
    await listener.ping();
    t.same(told, []);
    await writer.store.invalidate(['tag']);
    await listener.ping();
    t.match(told, [/"tags":\["tag"\]/]);
    await other.connection.client.ping();
    await listener.unsubscribe();
  });

  t.test('an invalidation succeeds where Pub/Sub is forbidden', async (t) => {
    const { store, connection } = await openLocalTier(t, url, { peersMs: 50 });
    Reflect.set(connection.client, 'publish', () => Promise.reject(new Error('NOPERM')));
    const before = (await store.read('key', ['tag'])).tokens.tag;
    const began = performance.now();
    await store.invalidate(['tag']);
    t.ok(performance.now() - began > 45, 'and gives the others the time in which Redis tells them');
    t.not((await store.read('key', ['tag'])).tokens.tag, before);
  });

  t.test('one that cannot answer has forgotten all the same', async (t) => {
    const [writer, other] = await Promise.all([
      openLocalTier(t, url, { peersMs: 20 }),
      openLocalTier(t, url),
    ]);
    await other.store.read('key', ['tag']);
    const failed = new Gate();
    Reflect.set(other.connection.client, 'publish', () => {
      void failed.pass();
      return Promise.reject(new Error('NOPERM'));
    });
    await writer.store.invalidate(['tag']);
    await failed.reached;
    t.equal(other.mirror.tokens(['tag']), undefined);
    failed.open();
  });

  t.test('what is no question of theirs disturbs nothing', async (t) => {
    const [writer, other] = await Promise.all([openLocalTier(t, url), openLocalTier(t, url)]);
    writer.connection.events.on('lost', t.fail);
    other.connection.events.on('lost', t.fail);
    const admin = await openRedis(t, url);
    for (const message of ['hello', '', 'null', '{}', '[1]', '{"id":1,"answerTo":"a","tags":[]}']) {
      await admin.publish('cache:forget', message);
    }
    await other.store.read('key', ['tag']);
    await writer.store.invalidate(['tag']);
    t.equal(other.mirror.tokens(['tag']), undefined);
  });

  t.test('where Redis refuses what the mirror needs, nothing is mirrored', async (t) => {
    const connection = openConnection(url, { track: true });
    t.teardown(() => connection.close());
    await connection.connect();
    if (!connection.tracking) throw new Error('it was asked to track');
    Reflect.set(connection.client, 'subscribe', () => Promise.reject(new Error('NOPERM no channel')));
    const mirror = new TokenMirror();
    const refusal = new Promise<Error>((refused) => {
      trackTokens(connection, connection.tracking as RedisClientType, mirror, { changed: () => {}, refused });
    });
    t.match(await refusal, { message: 'NOPERM no channel' });
    await new Promise((resolve) => connection.events.once('alive', resolve));
    t.equal(mirror.tokens([]), undefined);
  });

  t.test('after its connection was lost it is one of them again', async (t) => {
    const [writer, other] = await Promise.all([openLocalTier(t, url), openLocalTier(t, url)]);
    const admin = await openRedis(t, url);
    const alive = new Promise((resolve) =>
      other.connection.events.once('ready', () => {
        other.connection.events.once('alive', resolve);
      }),
    );
    await admin.sendCommand(['CLIENT', 'KILL', 'ID', String(await other.connection.client.clientId())]);
    await alive;
    await other.store.read('key', ['tag']);
    t.ok(other.mirror.tokens(['tag']));
    await writer.store.invalidate(['tag']);
    t.equal(other.mirror.tokens(['tag']), undefined);
  });
});
