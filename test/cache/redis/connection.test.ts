import t from 'tap';
import { openRedis } from '../../../src/cache/redis/connection.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { proxyTo } from '../../helpers/proxy.ts';

t.test('the connection to one server', { skip: skipWithoutRedis }, async (t) => {
  const url = await scratchRedis(t);

  t.test('a server that is silent for its time is lost, and connected again', async (t) => {
    const network = await proxyTo(t, url);
    const connection = openRedis(network.url, { silenceMs: 300 });
    t.teardown(() => connection.close());
    await connection.connect();
    const lost = new Promise<Error>((resolve) => connection.events.once('lost', resolve));
    network.drop();
    t.match((await lost).message, 'no answer within 300 ms');
    const ready = new Promise<void>((resolve) => connection.events.once('ready', resolve));
    await network.mend();
    await ready;
    t.equal(await connection.client.ping(), 'PONG');
  });

  t.test('when what came cannot be read, nothing else that comes is believed', async (t) => {
    const connection = openRedis(url);
    t.teardown(() => connection.close());
    await connection.connect();
    const id = await connection.client.ping();
    const lost = new Promise<Error>((resolve) => connection.events.once('lost', resolve));
    const ready = new Promise<void>((resolve) => connection.events.once('ready', resolve));
    const asked = Promise.resolve(connection.client.get('key'));
    connection.client.emit('error', new Error('Unexpected token'));
    await t.rejects(asked, 'it is not waited for');
    t.match(await lost, { message: 'Unexpected token' });
    await ready;
    t.equal(await connection.client.ping(), id);
  });

  t.test('a probe that fails is no silence: the loss of the connection is reported by itself', async (t) => {
    const connection = openRedis(url);
    t.teardown(() => connection.close());
    await connection.connect();
    connection.events.on('lost', t.fail);
    let asked = 0;
    Reflect.set(connection.client, 'del', async () => {
      asked += 1;
      throw new Error('it was just lost');
    });
    while (asked < 2) await new Promise(setImmediate);
    Reflect.deleteProperty(connection.client, 'del');
  });
});
