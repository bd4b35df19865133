import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { MultiAddressServer } from '../../src/http/multi-address-server.ts';
import { stopAccepting } from '../../src/process/stop-accepting.ts';

async function listening() {
  const server = new MultiAddressServer({});
  server.on('request', (_, response) => response.end('answered')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return { server, port: address.port };
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

t.test('no connection is accepted any more, and those that are open stay', async (t) => {
  const { server, port } = await listening();
  const inside = connect(port, '127.0.0.1');
  inside.write(REQUEST);
  await once(inside, 'data');
  await stopAccepting(server);
  await t.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
  inside.write(REQUEST);
  t.match(String(await once(inside, 'data')), 'answered');
  inside.destroy();
});

t.test('an event loop that is never quiet is not waited for', async (t) => {
  const { server, port } = await listening();
  let isBusy = true;
  const work = () => {
    for (const until = performance.now() + 1; performance.now() < until; );
    if (isBusy) setImmediate(work);
  };
  work();
  await stopAccepting(server);
  isBusy = false;
  await t.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
});

t.test('a connection that waits to be accepted is accepted first, and answered', async (t) => {
  const { server, port } = await listening();
  const waiting = Array.from({ length: 5 }, () => connect(port, '127.0.0.1'));
  for (const socket of waiting) socket.write(REQUEST);
  const answers = Promise.all(waiting.map((socket) => once(socket, 'data')));
  await new Promise<void>((resolve) => process.nextTick(resolve)); // Node asks the system to connect in a tick.
  await stopAccepting(server);
  for (const [answer] of await answers) t.match(String(answer), 'answered');
  await t.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
  for (const socket of waiting) socket.destroy();
});
