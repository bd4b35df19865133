import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { scratchDatabase } from '../../../support/database.ts';
import { checkout, startServer } from '../../../support/server.ts';

t.test('one process, whatever signal it gets and whichever reader of its output has gone', async (t) => {
  const DATABASE_URL = await scratchDatabase(t);
  const server = await startServer(t, await checkout(t), { DATABASE_URL, TRACED: '1' });
  const { stdout, stderr } = server.process;

  t.test('goes on after SIGUSR2, which would replace workers', async (t) => {
    server.process.kill('SIGUSR2');
    while (!server.output().includes('SIGUSR2 replaces workers')) await once(stdout ?? t, 'data');
    t.equal((await fetch(`${server.address}/health/live`)).status, 200);
  });

  t.test('goes on without its log, and says so', async (t) => {
    const said = once(stderr ?? t, 'data');
    stdout?.destroy();
    for (const _ of ['a line', 'another'])
      t.equal((await fetch(`${server.address}/properties/`)).status, 200);
    t.match(String(await said), 'The log cannot be written (EPIPE): going on without it\n');
    t.equal((await fetch(`${server.address}/properties/`)).status, 200);
  });

  t.test('ends in order with the terminal', async (t) => {
    t.equal(await server.stop('SIGHUP'), 0);
  });
});

t.test('a signal that comes before anything is loaded ends the process at once', async (t) => {
  const atOnce = `process.on('newListener', (name) => name === 'SIGTERM' && setImmediate(() => process.kill(process.pid, name)))`;
  const preload = `data:text/javascript,${encodeURIComponent(atOnce)}`;
  const args = ['--import', preload, join(packageRoot, 'dist/src/server.js')];
  const child = spawn(process.execPath, args, { cwd: await checkout(t), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk;
    });
  const [code] = await once(child, 'close');
  t.equal(code, 0);
  t.equal(said, '');
});
