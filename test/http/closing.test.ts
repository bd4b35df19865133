import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import t from 'tap';
import { lastAnswers } from '../../src/plugins/last-answers.ts';
import { Gate } from '../helpers/gate.ts';

t.test('a request that was under way is answered, and its connection does not hold the end', async (t) => {
  const app = Fastify();
  await app.register(lastAnswers);
  const gate = new Gate();
  app.get('/', async () => 'at once');
  app.get('/slow', async () => {
    await gate.pass();
    return 'answered';
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const ask = async (path: string) => {
    const [response]: IncomingMessage[] = await once(get(`${address}${path}`, { agent }), 'response');
    if (!response) throw new Error('a response is an event with a message');
    return { connection: response.headers.connection, body: await text(response) };
  };
  t.match(await ask('/'), { connection: 'keep-alive', body: 'at once' });
  const slow = ask('/slow');
  await gate.reached;
  const closed = app.close();
  await new Promise(setImmediate);
  gate.open();
  t.same(await slow, { connection: 'close', body: 'answered' });
  await closed; // Fastify keeps an idle connection for 72 seconds; tap gives a test 30.
});
