import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { scratchDatabase } from '../../../support/database.ts';
import { checkout, childrenOf, type Server, startServer } from '../../../support/server.ts';
import { Client } from '../../checker/requests.ts';
import { LISTING, WRITE_KEY } from '../../helpers/app.ts';

const LOOK_MS = 10;

const occurrences = (server: Server, said: string) => server.output().split(said).length - 1;

async function untilItSaid(server: Server, said: string, times = 1): Promise<void> {
  while (occurrences(server, said) < times) await delay(LOOK_MS);
}

const LISTENS = 'a worker listens';

t.test('workers at one address', async (t) => {
  const env = {
    DATABASE_URL: await scratchDatabase(t, { migrated: false }),
    API_KEYS: WRITE_KEY,
    WEB_CONCURRENCY: '2',
    DRAIN_SECONDS: '1',
    TRACED: '1',
  };
  const folder = await checkout(t);
  const server = await startServer(t, folder, env);
  const newClient = () => {
    const client = new Client();
    t.teardown(() => client.close());
    return client;
  };
  const ask = (client: Client, method: 'GET' | 'POST', path: string) =>
    client.ask({
      method,
      url: server.address + path,
      ...(method === 'POST' && { key: WRITE_KEY, body: LISTING }),
    });

  t.test('all listen before one of them says so, and the database is migrated once', async (t) => {
    await untilItSaid(server, LISTENS, 2); // Lines of the log come a little later.
    t.equal(occurrences(server, 'Listening on'), 1);
    t.equal(occurrences(server, 'name_the_transaction'), 1);
    t.match(server.output(), 'without REDIS_URL a read from one worker may be some milliseconds behind');
    t.match(await ask(newClient(), 'POST', '/properties/'), { status: 201 });
  });

  t.test('one that dies is replaced, and what does not start is tried again', async (t) => {
    const [first, second] = childrenOf(server);
    if (!first || !second) return t.fail('there are two');
    process.kill(first, 'SIGKILL');
    let third: number | undefined;
    while (!third) third = childrenOf(server).find((pid) => pid !== first && pid !== second);
    t.match(await ask(newClient(), 'GET', '/properties/1/'), { status: 200 });
    process.kill(third, 'SIGKILL');
    await untilItSaid(server, 'a worker did not start: trying again');
    await untilItSaid(server, LISTENS, 3);
    t.equal(childrenOf(server).length, 2);
  });

  t.test('SIGUSR2 replaces them one after the other, and no request fails', async (t) => {
    const before = childrenOf(server);
    const over = new AbortController();
    const failed: unknown[] = [];
    const client = newClient();
    const keepAsking = async (method: 'GET' | 'POST', path: string) => {
      for (; !over.signal.aborted; await delay(LOOK_MS)) {
        const answer = await ask(client, method, path);
        if (answer.outcome !== 'answered' || answer.status >= 300) failed.push(answer);
      }
    };
    const traffic = [
      keepAsking('GET', '/properties/'),
      keepAsking('GET', '/properties/1/'),
      keepAsking('GET', '/health/live'),
      keepAsking('POST', '/properties/'),
    ];
    server.process.kill('SIGUSR2');
    await untilItSaid(server, 'replacing the workers');
    server.process.kill('SIGUSR2'); // They are being replaced.
    await untilItSaid(server, 'the workers were replaced');
    over.abort();
    await Promise.all(traffic);
    t.same(failed, []);
    const after = childrenOf(server);
    t.equal(after.length, 2);
    t.notOk(after.some((pid) => before.includes(pid)));
    t.equal(occurrences(server, 'replacing the workers'), 1);
  });

  t.test('all end when the first process is told to, also one that was to be replaced', async (t) => {
    const [first, second] = childrenOf(server);
    if (!first || !second) return t.fail('there are two');
    process.kill(first, 'SIGKILL');
    await untilItSaid(server, 'a worker has ended', 2);
    let third: number | undefined;
    while (!third) third = childrenOf(server).find((pid) => pid !== second && pid !== first);
    process.kill(third, 'SIGKILL');
    await untilItSaid(server, 'a worker did not start', 2);
    t.equal(await server.stop('SIGTERM'), 0);
    t.match(server.output(), /"cause":"SIGTERM".*"stopping: each/);
    t.match(await ask(newClient(), 'GET', '/health/live'), { outcome: 'failed', reason: 'ECONNREFUSED' });
  });
});

t.test('the figures of workers are those of all, whichever is asked', async (t) => {
  const server = await startServer(t, await checkout(t), {
    DATABASE_URL: await scratchDatabase(t),
    WEB_CONCURRENCY: '2',
    TRACED: '1',
  });
  const ask = async (path: string) => (await fetch(server.address + path)).text();
  for (let request = 0; request < 10; request += 1) await ask('/openapi.json');
  const text = await ask('/metrics');
  for (const worker of [1, 2]) t.match(text, `process_resident_memory_bytes{worker="${worker}"}`);
  const count = /^http_request_duration_seconds_count\{worker="\d",route="\/openapi.json".* (\d+)$/gm;
  const counts = [...text.matchAll(count)].map(([, value]) => Number(value));
  t.equal(
    counts.reduce((sum, value) => sum + value, 0),
    10,
  );
  t.equal(await server.stop('SIGTERM'), 0);
});
