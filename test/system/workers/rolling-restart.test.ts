import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { checkout, startServer } from '../../../support/server.ts';
import { Client } from '../../checker/requests.ts';
import { LISTING, WRITE_KEY } from '../../helpers/app.ts';
import { skipWithoutNginx, startNginx } from '../../helpers/nginx.ts';
import { unusedPort } from '../../helpers/ports.ts';

/** A client's thoughts between two requests: this machine must not be what is measured. Milliseconds. */
const PAUSE_MS = 50;

t.test(
  'three instances behind nginx, restarted one after the other: no request fails, and no write is lost or made twice',
  { skip: skipWithoutNginx || skipWithoutRedis },
  async (t) => {
    const DATABASE_URL = await scratchDatabase(t);
    const REDIS_URL = await scratchRedis(t);
    const folder = await checkout(t);
    const start = (port: string) =>
      startServer(t, folder, {
        DATABASE_URL,
        REDIS_URL,
        API_KEYS: WRITE_KEY,
        DRAIN_SECONDS: '3', // As in docker-compose.yaml.
        LOG_LEVEL: 'warn',
        PORT: port,
      });
    const servers = [];
    for (const _ of ['first', 'second', 'third']) servers.push(await start(String(await unusedPort())));
    const address = await startNginx(
      t,
      servers.map((server) => server.address),
    );
    const client = new Client();
    t.teardown(() => client.close());
    const over = new AbortController();
    const failed: string[] = [];
    const counts = { reads: 0, writes: 0 };
    const ask = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: object) => {
      counts[body ? 'writes' : 'reads'] += 1;
      const answer = await client.ask({ method, url: address + path, ...(body && { key: WRITE_KEY, body }) });
      if (answer.outcome === 'answered' && answer.status < 300) return JSON.parse(answer.body);
      failed.push(`${method} ${path}: ${JSON.stringify(answer)}`);
    };
    const { id } = await ask('POST', '/properties/', LISTING);
    const keepDoing = async (work: () => Promise<unknown>) => {
      for (; !over.signal.aborted; await delay(PAUSE_MS)) await work();
    };
    const traffic = [
      '/properties/',
      `/properties/${id}/`,
      '/properties/count/',
      '/properties/',
      '/health/live',
    ].map((path) => keepDoing(() => ask('GET', path)));
    let version = 0;
    let added = 1;
    traffic.push(
      keepDoing(async () => {
        version += 1;
        await ask('PATCH', `/properties/${id}/`, { title: `Version ${version}` });
      }),
      keepDoing(async () => {
        if (await ask('POST', '/properties/', LISTING)) added += 1;
      }),
    );
    for (const server of servers) {
      t.equal(await server.stop('SIGTERM'), 0);
      await start(new URL(server.address).port);
    }
    over.abort();
    await Promise.all(traffic);
    t.comment(`${counts.reads} reads and ${counts.writes} writes`);
    t.same(failed, []);
    const { rows } = await execute(DATABASE_URL, 'SELECT title FROM properties_property ORDER BY id');
    t.equal(rows[0].title, `Version ${version}`);
    t.equal(rows.length, added);
  },
);
