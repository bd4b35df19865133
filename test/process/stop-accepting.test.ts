import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import t from 'tap';
import { stopAccepting } from '../../src/process/stop-accepting.ts';

async function listening() {
  const server = createServer((_, response) => response.end('answered')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return { server, port: address.port };
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

t.test('nobody is let in any more, and who is in stays', async (t) => {
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
