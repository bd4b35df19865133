import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { scratchDatabase } from '../../../support/database.ts';
import { freePort } from '../../../support/redis.ts';
import { checkout, childrenOf, runServer, startServer } from '../../../support/server.ts';

const LOOK_MS = 10;

t.test('one that stands still cannot hold the end', async (t) => {
  const env = { DATABASE_URL: await scratchDatabase(t), WEB_CONCURRENCY: '2', TRACED: '1' };
  const server = await startServer(t, await checkout(t), env);
  const [first] = childrenOf(server);
  if (!first) return t.fail('there are two');
  process.kill(first, 'SIGSTOP');
  t.equal(await server.stop('SIGTERM'), 0);
  t.throws(() => process.kill(first, 0), { code: 'ESRCH' });
});

t.test('kill -9 of the first process ends them too', async (t) => {
  const env = { DATABASE_URL: await scratchDatabase(t), WEB_CONCURRENCY: '2' };
  const server = await startServer(t, await checkout(t), env);
  const workers = childrenOf(server);
  await server.stop('SIGKILL');
  while (workers.some(isRunning)) await delay(LOOK_MS);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

t.test('what keeps the first worker from starting is said once, and ends all', async (t) => {
  const DATABASE_URL = `postgresql://user:s3cret@127.0.0.1:${await freePort()}/db`;
  const env = { DATABASE_URL, WEB_CONCURRENCY: '3', TRACED: '1' };
  const { code, stderr } = await runServer(await checkout(t), env);
  t.equal(code, 1);
  t.match(stderr, /ECONNREFUSED.*correct DATABASE_URL/);
  t.equal(stderr.trim().split('\n').length, 1, stderr);
});
