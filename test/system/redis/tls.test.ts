import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'redis';
import t, { type Test } from 'tap';
import { buildApp } from '../../../src/app.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { scratchDatabase } from '../../../support/database.ts';
import { freePort, skipWithoutRedis } from '../../../support/redis.ts';
import { checkout, startServer } from '../../../support/server.ts';
import { authorization, LISTING, WRITE_KEY } from '../../helpers/app.ts';
import { type Authority, privateAuthority, skipWithoutOpenssl } from '../../helpers/certificates.ts';
import { GROUP, RedisProcess, titles, until } from '../../helpers/redis-topologies.ts';

/** The guide's line, word by word: what it leaves out, the service does not need. */
const [RULES = ''] =
  /^ACL SETUSER listings .*$/m.exec(readFileSync(join(packageRoot, 'docs/guides/redis.md'), 'utf8')) ?? [];
const LOGIN = 'listings:a-password';

/** What makes a server speak TLS at a port of its own, without asking for a certificate of the client. */
async function tlsArgs(authority: Authority, name: string, names: string) {
  const { cert, key } = await authority.sign(name, names);
  const tlsPort = await freePort();
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', authority.cert];
  return { tlsPort, args: ['--tls-port', String(tlsPort), ...files, '--tls-auth-clients', 'no'] };
}

/** A server with two ports: one without TLS, for the test itself. Its certificate is for `localhost` only. */
async function startTlsRedis(t: Test, authority: Authority, names = 'DNS:localhost', more: string[] = []) {
  const port = await freePort();
  const { tlsPort, args } = await tlsArgs(authority, `redis-${port}`, names);
  const cwd = await checkout(t);
  const rest = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', cwd];
  const server = new RedisProcess(t, {
    port,
    cwd,
    args: ['--port', String(port), ...args, ...rest, ...more],
  });
  return { server: await server.start(), tlsPort };
}

const skip = skipWithoutOpenssl || skipWithoutRedis;

t.test('Redis with TLS, for a user who may do no more than the guide says', { skip }, async (t) => {
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
    // Not of every write: of what the second has read since, and has not just invalidated itself as a change it heard of.
    await until('Redis reports what others changed', async () => {
      await list(second);
      await send(first, 'PATCH', '/properties/1/', { title: 'two' });
      return (await metrics(second)).invalidations.elsewhere > 0;
    });
    const { invalidations, layers } = await metrics(second);
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

/** A real process, since Node reads `NODE_EXTRA_CA_CERTS` once: it has to answer from Redis, and after a write anew. */
async function provesItself(t: Test, authority: Authority, REDIS_URL: string): Promise<void> {
  const DATABASE_URL = await scratchDatabase(t);
  const env = { DATABASE_URL, REDIS_URL, API_KEYS: WRITE_KEY, NODE_EXTRA_CA_CERTS: authority.cert };
  const { address, output } = await startServer(t, await checkout(t), env);
  const headers = { authorization, 'content-type': 'application/json' };
  const list = async () => fetch(`${address}/properties/`);
  await until('it is a hit', async () => /hit/.test(String((await list()).headers.get('cache-status'))));
  await fetch(`${address}/properties/`, { method: 'POST', headers, body: JSON.stringify(LISTING) });
  t.match(await (await list()).text(), LISTING.title);
  t.notMatch(output(), /NOPERM/);
}

t.test('a Cluster with TLS, for such a user', { skip }, async (t) => {
  const authority = await privateAuthority(t);
  const cluster = ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  const { server, tlsPort } = await startTlsRedis(t, authority, 'IP:127.0.0.1', cluster);
  await server.command(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
  await until('it has its slots', async () =>
    String(await server.command(['CLUSTER', 'INFO'])).includes('cluster_state:ok'),
  );
  await server.command([...RULES.split(' '), '+cluster|slots']);
  await provesItself(t, authority, `rediss://${LOGIN}@127.0.0.1:${tlsPort}/?cluster`);
});

t.test('Sentinel with TLS, for such a user of the master', { skip }, async (t) => {
  const authority = await privateAuthority(t);
  const { server, tlsPort } = await startTlsRedis(t, authority, 'IP:127.0.0.1');
  await server.command(RULES.split(' '));
  const folder = await checkout(t);
  const [port, file] = [await freePort(), join(folder, 'sentinel.conf')];
  const sentinel = await tlsArgs(authority, 'sentinel', 'IP:127.0.0.1');
  await writeFile(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor ${GROUP} 127.0.0.1 ${tlsPort} 1\n`,
  );
  const args = [file, ...sentinel.args, '--tls-replication', 'yes', '--sentinel'];
  await new RedisProcess(t, { port, cwd: folder, args }).start();
  await provesItself(t, authority, `rediss+sentinel://${LOGIN}@127.0.0.1:${sentinel.tlsPort}/${GROUP}`);
});
