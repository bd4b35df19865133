import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { scratchDatabase } from '../../../support/database.ts';
import { freePort } from '../../../support/redis.ts';
import { checkout, type Ended, interruptServer, runServer, startServer } from '../../../support/server.ts';
import { authorization, LISTING, WRITE_KEY } from '../../helpers/app.ts';
import { listens } from '../../helpers/ports.ts';

/** It ends with 1 and says why in one line; what it says on stdout is its log. */
function saysInOneLine(t: Test, { code, stderr }: Ended, said: RegExp) {
  t.equal(code, 1);
  t.match(stderr, said);
  t.equal(stderr.trim().split('\n').length, 1, stderr);
}

t.test('a server on a database of its own', async (t) => {
  const DATABASE_URL = await scratchDatabase(t, { migrated: false });
  const folder = await checkout(t);

  t.test('migrates it, is told its settings by .env, and gives it no samples', async (t) => {
    await writeFile(join(folder, '.env'), `DATABASE_URL=${DATABASE_URL}\nPORT=1\nLOG_LEVEL=error\n`);
    const server = await startServer(t, folder);
    t.same(await (await fetch(`${server.address}/properties/`)).json(), { properties: [] });
    t.notMatch(server.output(), /Write key|"level":30/);
    t.equal((await fetch(`${server.address}/properties/`, { method: 'POST' })).status, 401);
    t.equal(await server.stop(), 0);
  });

  t.test(
    'names a setting that is misspelt, and the right one; and complains of no other variable',
    async (t) => {
      const env = { DATABASE_URL, PGAE_CACHE_TTL: '3', API_KEY: 's3cret', SOMETHING_ELSE: '1', TRACED: '1' };
      const server = await startServer(t, folder, { ...env, LOG_LEVEL: 'warn' });
      const warnings = server
        .output()
        .split('\n')
        .filter((line) => line.includes('"level":40'));
      t.same(
        warnings.map((line) => JSON.parse(line).msg),
        [
          'PGAE_CACHE_TTL is no setting and has no effect: is it PAGE_CACHE_TTL that is meant?',
          'API_KEY is no setting and has no effect: is it API_KEYS that is meant?',
        ],
      );
      t.notMatch(server.output(), 's3cret', 'what it was set to is not logged');
      t.equal(await server.stop(), 0);
    },
  );

  t.test('that finds its port in use says so, and which', async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.teardown(() => other.close());
    const address = other.address();
    if (address === null || typeof address === 'string') return t.fail('a TCP server has a port');
    const ended = await runServer(folder, { DATABASE_URL, PORT: String(address.port), TRACED: '1' });
    saysInOneLine(t, ended, new RegExp(`Cannot listen on 127.0.0.1:${address.port} \\(EADDRINUSE\\)`));
  });

  t.test("whose address is not this machine's says so", async (t) => {
    saysInOneLine(
      t,
      await runServer(folder, { DATABASE_URL, HOST: '192.0.2.1' }),
      /Cannot listen on 192.0.2.1:\d+ \(EADDRNOTAVAIL\): this machine has no such address: set HOST to one that it has/,
    );
  });

  t.test('finishes a request that it has begun, and ends at once on a later signal', async (t) => {
    const server = await startServer(t, folder, { DATABASE_URL, API_KEYS: WRITE_KEY, TRACED: '1' });
    const { port } = new URL(server.address);
    const post = connect(Number(port), '127.0.0.1');
    const head = `POST /properties/ HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n`;
    const body = JSON.stringify(LISTING);
    post.write(`${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`);
    const hanging = connect(Number(port), '127.0.0.1');
    hanging.write(`${head}Content-Length: 1000\r\n\r\n{`);
    await fetch(`${server.address}/health/live`); // Both heads came before it.
    const ended = server.stop('SIGTERM');
    while (await listens(Number(port)));

    post.write(body.slice(10));
    const [answer] = await once(post, 'data');
    t.match(String(answer), /^HTTP\/1.1 201/);
    const insisting = setInterval(() => server.process.kill('SIGTERM'), 50);
    t.equal(await ended, 1, 'the hanging request cannot hold it');
    clearInterval(insisting);
    hanging.destroy();
  });
});

t.test('a start that waits for the migrations of another is ended with 0 by an interrupt', async (t) => {
  const DATABASE_URL = await scratchDatabase(t, { migrated: false });
  const other = new pg.Client({ connectionString: DATABASE_URL });
  t.teardown(() => other.end());
  await other.connect();
  await other.query('SELECT pg_advisory_lock(72707369)');
  const env = { DATABASE_URL, LOG_LEVEL: 'debug', TRACED: '1' };
  const ended = await interruptServer(await checkout(t), /the start waits for the migration lock/, env);
  t.match(ended, { code: 0, stderr: '' });
  t.match(ended.stdout, /"step":"modules","ms":\d/);
});

t.test('a .env that is not UTF-8 is a line that names it', async (t) => {
  const folder = await checkout(t);
  await writeFile(join(folder, '.env'), '\ufeffPORT=0\n', 'utf16le');
  saysInOneLine(
    t,
    await runServer(folder, {}),
    /\.env is not UTF-8 text \(it looks like UTF-16\): save it as UTF-8/,
  );
});

t.test('a wrong setting is named, with what it must be, before anything is started', async (t) => {
  const folder = await checkout(t);
  const ended = await runServer(folder, {
    PAGE_CACHE_TTL: '15m',
    API_KEYS: 'a secret',
    REDIS_URL: 'http://x',
  });
  saysInOneLine(t, ended, /PAGE_CACHE_TTL must be seconds/);
  t.match(ended.stderr, /API_KEYS must be the keys/);
  t.match(ended.stderr, /REDIS_URL must be the URL of any Redis/);
  t.notMatch(ended.stderr, /a secret/, 'a wrong key is still a secret');
});

t.test('a DIRECT_DATABASE_URL by itself is refused', async (t) => {
  const env = { DIRECT_DATABASE_URL: 'postgresql://127.0.0.1/listings', TRACED: '1' };
  saysInOneLine(t, await runServer(await checkout(t), env), /DIRECT_DATABASE_URL needs a DATABASE_URL/);
});

t.test('a REDIS_URL that no client can use is named', async (t) => {
  const ended = await runServer(await checkout(t), { REDIS_URL: 'redis://127.0.0.1:99999', TRACED: '1' });
  saysInOneLine(t, ended, /REDIS_URL cannot be used \(Invalid URL\)/);
});

t.test('a database that cannot be reached is named, without its password', async (t) => {
  const port = await freePort();
  const ended = await runServer(await checkout(t), {
    DATABASE_URL: `postgresql://user:s3cret@127.0.0.1:${port}/db`,
  });
  saysInOneLine(t, ended, new RegExp(`127.0.0.1:${port}`));
  t.notMatch(ended.stderr, /s3cret/);
});

t.test('.data from another PostgreSQL major is refused and left as it is', async (t) => {
  const folder = await checkout(t);
  await mkdir(join(folder, '.data/postgres'), { recursive: true });
  await writeFile(join(folder, '.data/postgres/PG_VERSION'), '14\n');
  saysInOneLine(t, await runServer(folder, {}), /PostgreSQL 14/);
});
