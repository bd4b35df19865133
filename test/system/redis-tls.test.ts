import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from 'redis';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { packageRoot } from '../../src/package-root.ts';
import { authorization, LISTING, WRITE_KEY } from '../helpers/app.ts';
import { type Authority, privateAuthority, skipWithoutOpenssl } from '../helpers/certificates.ts';
import { scratchDatabase } from '../helpers/database.ts';
import { freePort, skipWithoutRedisServer } from '../helpers/redis.ts';
import { RedisProcess, titles, until } from '../helpers/redis-topologies.ts';
import { checkout, startServer } from '../helpers/server.ts';

/** The README's line, word by word: what it leaves out, the service does not need. */
const [RULES = ''] =
  /^ACL SETUSER listings .*$/m.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8')) ?? [];
const LOGIN = 'listings:a-password';

/** A server with two ports: for us without TLS, for the service with a certificate of these names. */
async function startTlsRedis(t: Test, authority: Authority, names = 'DNS:localhost') {
  const { cert, key } = await authority.sign(`redis-${names.length}`, names);
  const [port, tlsPort] = [await freePort(), await freePort()];
  const ports = ['--port', String(port), '--tls-port', String(tlsPort), '--bind', '127.0.0.1'];
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', authority.cert];
  const rest = ['--tls-auth-clients', 'no', '--save', '', '--appendonly', 'no', '--dir', await checkout(t)];
  const server = await new RedisProcess(t, port, [...ports, ...files, ...rest]).start();
  return { server, tlsPort };
}

const skip = skipWithoutOpenssl || skipWithoutRedisServer;

t.test('Redis with TLS, for a user who may do no more than the README says', { skip }, async (t) => {
  const authority = await privateAuthority(t);
  const { server, tlsPort } = await startTlsRedis(t, authority);
  t.equal(await server.command(RULES.split(' ')), 'OK');
  const REDIS_URL = `rediss://${LOGIN}@localhost:${tlsPort}`;
  const DATABASE_URL = await scratchDatabase(t);
  const env = { DATABASE_URL, REDIS_URL, API_KEYS: WRITE_KEY, NODE_EXTRA_CA_CERTS: authority.cert };
  const folder = await checkout(t);
  const servers = [await startServer(t, folder, env), await startServer(t, folder, env)];
  const [first, second] = servers.map(({ address }) => address) as [string, string];

  const list = async (address: string) => {
    const answer = await fetch(`${address}/properties/`);
    const { properties }: { properties: { title: string }[] } = JSON.parse(await answer.text());
    return {
      status: String(answer.headers.get('cache-status')),
      titles: properties.map(({ title }) => title),
    };
  };
  const metrics = async (address: string) =>
    JSON.parse(await (await fetch(`${address}/properties/cache-metrics/`)).text());
  const send = (address: string, method: string, path: string, body: object) =>
    fetch(address + path, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  t.test('both tiers serve, and a write on one instance is seen on the other', async (t) => {
    t.equal((await send(first, 'POST', '/properties/', LISTING)).status, 201);
    for (const [writer, title] of [
      [first, 'one'],
      [second, 'two'],
    ] as const) {
      for (const address of [first, second]) {
        await until('it is a hit', async () => /hit/.test((await list(address)).status));
      }
      t.equal((await send(writer, 'PATCH', '/properties/1/', { title })).status, 200);
      for (const address of [first, second]) t.same((await list(address)).titles, [title]);
    }
    for (const address of [first, second]) {
      const local = async () => (await metrics(address)).layers.pages.local.hits;
      const before = await local();
      await until('the local tier serves', async () => {
        await list(address);
        return (await local()) > before;
      });
    }
    const { invalidations, layers } = await metrics(second);
    t.ok(invalidations.elsewhere > 0, 'Redis reports what others changed');
    t.equal(invalidations.failed, 0);
    t.equal(layers.pages.shared.errors, 0);
  });

  t.test('the metrics have the figures of Redis, and nothing was refused', async (t) => {
    t.equal((await metrics(first)).metrics.keyspace_hits, await server.figure('stats', 'keyspace_hits'));
    for (const { output } of servers) t.notMatch(output(), /does not allow|"level":[45]0/);
    const socket = { host: 'localhost', port: tlsPort, tls: true as const, ca: readFileSync(authority.cert) };
    const client = createClient({ username: 'listings', password: 'a-password', socket });
    await client.connect();
    t.teardown(() => client.destroy());
    t.ok((await client.dbSize()) > 0);
    t.match(await client.info('memory'), /used_memory:\d+/);
    await t.rejects(client.keys('*'), /NOPERM/);
    await t.rejects(client.get('another'), /NOPERM/);
  });
});

t.test(
  'a certificate that is not to be believed is refused, and the log says what to do',
  { skip },
  async (t) => {
    const authority = await privateAuthority(t);
    const { tlsPort } = await startTlsRedis(t, authority);
    const DATABASE_URL = await scratchDatabase(t);
    /** The line about Redis of a service that serves all the same. */
    async function warningOf(t: Test, REDIS_URL: string): Promise<string> {
      const lines: string[] = [];
      const log = { write: (line: string) => void lines.push(line) };
      const app = await buildApp({ env: { DATABASE_URL, REDIS_URL }, dataDirectory: 'unused', log });
      t.teardown(() => app.close());
      t.same(await titles(app), []);
      t.equal((await app.inject('/health/ready')).json().dependencies.redis, 'down');
      return lines.find((line) => line.includes('Redis does not answer')) ?? '';
    }

    t.test('a CA that Node does not know', async (t) => {
      const warning = await warningOf(t, `rediss://localhost:${tlsPort}`);
      t.match(warning, /certificate[^"]*: let NODE_EXTRA_CA_CERTS .* name the file of the CA/);
    });

    t.test('another name', async (t) => {
      const env = {
        DATABASE_URL,
        REDIS_URL: `rediss://127.0.0.1:${tlsPort}`,
        NODE_EXTRA_CA_CERTS: authority.cert,
      };
      const { output } = await startServer(t, await checkout(t), env);
      t.match(output(), /not in the cert's list[^"]*: use a name of it that is in its certificate/);
    });
  },
);
