import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { openSession } from '../../src/database/connection.ts';
import { findBinaries } from '../../src/embedded/binaries.ts';
import { askForLease } from '../../src/embedded/lease.ts';
import { openEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { fatalLines, readPostmaster } from '../../src/embedded/postmaster.ts';
import { ask, isRunning, temporaryFolder } from './fixture.ts';

const directory = await temporaryFolder(t);
const cluster = join(directory, 'postgres');
const urlFile = join(directory, 'database-url');

t.test('the environment has no part in it', async (t) => {
  const misleading = {
    PGSSLMODE: 'no-verify',
    PGSSLNEGOTIATION: 'direct',
    PGOPTIONS: '-c no_such_setting=1',
    PGHOST: '127.0.0.9',
    PGPORT: '1',
    PGUSER: 'somebody',
    PGPASSWORD: 'guessed',
    PGDATABASE: 'nothing',
    PGDATA: '/nowhere',
    PGTZ: 'Asia/Kathmandu',
    PGREPLICATION: 'database',
  };
  Object.assign(process.env, misleading);
  t.teardown(() => {
    for (const name of Object.keys(misleading)) delete process.env[name];
  });
  const { url, close } = await openEmbeddedPostgres(directory);
  const session = await openSession(url, { name: 'test' });
  t.match((await session.query('SHOW timezone')).rows, [{ TimeZone: 'UTC' }]);
  await session.end();
  await close();
});

t.test('a directory that was opened once starts quickly, with the same address and its data', async (t) => {
  const urls = [];
  for (const start of ['first', 'second']) {
    const begun = Date.now();
    const postgres = await openEmbeddedPostgres(directory);
    t.comment(`${start} start: ${Date.now() - begun} ms`);
    urls.push(postgres.url);
    await ask(postgres.url, `CREATE TABLE ${start} ()`);
    await postgres.close();
  }
  t.equal(urls[0], urls[1]);
  t.equal(await readFile(urlFile, 'utf8'), `${urls[0]}\n`);
  t.equal((await stat(urlFile)).mode & 0o777, 0o600);
  const postgres = await openEmbeddedPostgres(directory);
  t.equal(await ask(postgres.url, 'SELECT count(*) FROM first, second'), '0');
  await postgres.close();
});

t.test(
  'it is UTF-8, wants a password, keeps UTC and every commit, and listens to this machine only',
  async (t) => {
    const postgres = await openEmbeddedPostgres(directory);
    t.teardown(postgres.close);
    const show = (setting: string) => ask(postgres.url, `SHOW ${setting}`);
    t.equal(await show('server_encoding'), 'UTF8');
    t.equal(await show('listen_addresses'), '127.0.0.1');
    t.equal(await show('unix_socket_directories'), '');
    t.equal(await show('timezone'), 'UTC');
    t.equal(await show('fsync'), 'on');
    t.equal(await ask(postgres.url, `SELECT upper('é')`), 'É');
    await t.rejects(ask(postgres.url.replace(/:[^:@]+@/, ':guessed@'), 'SELECT 1'), { code: '28P01' });
  },
);

t.test('a database that was dropped is there again at the next opening', async (t) => {
  const first = await openEmbeddedPostgres(directory);
  await ask(first.url.replace('/property_listings', '/postgres'), 'DROP DATABASE property_listings');
  const second = await openEmbeddedPostgres(directory);
  t.equal(await ask(second.url, 'SELECT 1'), 1);
  await Promise.all([first.close(), second.close()]);
  t.notOk(isRunning(directory));
});

t.test('when something else took its port, it takes another and says so in database-url', async (t) => {
  const before = new URL(await readFile(urlFile, 'utf8'));
  const intruder = createServer().listen(Number(before.port), '127.0.0.1');
  await once(intruder, 'listening');
  t.teardown(() => intruder.close());
  const postgres = await openEmbeddedPostgres(directory);
  t.not(new URL(postgres.url).port, before.port);
  t.equal((await readFile(urlFile, 'utf8')).trim(), postgres.url);
  await postgres.close();
});

t.test(
  'a postmaster.pid left from before a reboot, whose number another process has now, is no obstacle',
  async (t) => {
    await writeFile(join(cluster, 'postmaster.pid'), pidFile(1, 'ready', 1));
    const postgres = await openEmbeddedPostgres(directory);
    t.equal(await ask(postgres.url, 'SELECT 1'), 1);
    await postgres.close();
  },
);

t.test('a server that keeps starting is given up after a while', async (t) => {
  const file = join(cluster, 'postmaster.pid');
  await writeFile(file, pidFile(process.pid, 'starting', 1));
  await t.rejects(openEmbeddedPostgres(directory, { patience: 50 }), {
    code: 'PL_EMBEDDED_STUCK',
    message: /^PostgreSQL in .* keeps starting or stopping: see .*postgres\.log, end the process/,
  });
  await rm(file);
});

t.test('a start that is ended while it waits, or while PostgreSQL starts, leaves no server', async (t) => {
  const file = join(cluster, 'postmaster.pid');
  for (const left of ['stopping', undefined]) {
    if (left) await writeFile(file, pidFile(process.pid, left, 1));
    const stop = new AbortController();
    const waits: string[] = [];
    const waitsFor = (what: string) => {
      waits.push(what);
      stop.abort();
    };
    await t.rejects(openEmbeddedPostgres(directory, { signal: stop.signal, waitsFor }), {
      name: 'AbortError',
    });
    t.match(waits[0], left ? /another process is starting or stopping: see .*postgres.log/ : /to start: see/);
    await rm(file, { force: Boolean(left) }).catch(({ code }) =>
      t.equal(code, 'ENOENT', 'no server is left'),
    );
  }
});

t.test('a start that is ended while it makes the database leaves nothing', async (t) => {
  const directory = await temporaryFolder(t);
  const stop = new AbortController();
  const waitsFor = () => stop.abort();
  await t.rejects(openEmbeddedPostgres(directory, { signal: stop.signal, waitsFor }), { name: 'AbortError' });
  t.strictSame(await readdir(directory), []);
});

t.test('a folder that cannot be made is an error that names it', async (t) => {
  await t.rejects(openEmbeddedPostgres(join(urlFile, 'data')), {
    code: 'PL_EMBEDDED_NO_FOLDER',
    message: /database-url\/data \(ENOTDIR\): let this user write there, or set DATABASE_URL$/,
  });
});

t.test('a password that is not the server’s is an error that names the cluster', async (t) => {
  const postgres = await openEmbeddedPostgres(directory);
  const file = join(cluster, 'superuser-password');
  const password = await readFile(file, 'utf8');
  await writeFile(file, 'wrong\n');
  await t.rejects(openEmbeddedPostgres(directory), {
    code: 'PL_EMBEDDED_CONNECT',
    message: /embedded-.*\/postgres runs but does not let us in: .*password authentication failed/,
  });
  await writeFile(file, password);
  await postgres.close();
});

t.test('a server that cannot start is an error of one line, with the reason from its log', async (t) => {
  await appendFile(join(cluster, 'postgresql.conf'), 'nonsense = on\n');
  await t.rejects(openEmbeddedPostgres(directory), {
    code: 'PL_EMBEDDED_START',
    message: /^Could not start PostgreSQL in .*: configuration file ".*" contains errors \(its log: .*\)$/,
  });
});

t.test('a cluster of another PostgreSQL is refused, with both versions, and left alone', async (t) => {
  const directory = await temporaryFolder(t);
  const cluster = join(directory, 'postgres');
  await mkdir(cluster);
  await writeFile(join(cluster, 'PG_VERSION'), '16\n');
  await t.rejects(openEmbeddedPostgres(directory), {
    code: 'PL_EMBEDDED_OTHER_MAJOR',
    message: new RegExp(`^${cluster} is a PostgreSQL 16 cluster and this is PostgreSQL 18\\.`),
  });
  t.strictSame(await readdir(directory), ['postgres']);
  t.strictSame(await readdir(cluster), ['PG_VERSION']);
});

t.test('a folder that is no cluster is refused and left alone', async (t) => {
  const directory = await temporaryFolder(t);
  await mkdir(join(directory, 'postgres'));
  await writeFile(join(directory, 'postgres', 'notes'), '');
  await t.rejects(openEmbeddedPostgres(directory), { code: 'PL_EMBEDDED_NOT_A_CLUSTER' });
  t.strictSame(await readdir(directory), ['postgres']);
  t.strictSame(await readdir(join(directory, 'postgres')), ['notes']);
});

t.test('without the package for this platform, the error says to set DATABASE_URL', async (t) => {
  await t.rejects(findBinaries('plan9-mips'), {
    code: 'PL_EMBEDDED_MISSING',
    message: /plan9-mips.*DATABASE_URL/,
  });
});

t.test('what answers on the port decides what is to be done next', async (t) => {
  const path = await temporaryFolder(t);
  const file = join(path, 'postmaster.pid');
  const rude = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(rude, 'listening');
  const address = rude.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await writeFile(file, pidFile(process.pid, 'ready', port));
  t.equal(await askForLease({ path, password: '', user: undefined }), 'busy', 'it hangs up');
  rude.close();
  await once(rude, 'close');
  t.equal(await askForLease({ path, password: '', user: undefined }), 'down', 'nothing listens there');
  await writeFile(file, `${process.pid}\n`);
  t.equal(await askForLease({ path, password: '', user: undefined }), 'busy', 'a file half written');
  await writeFile(file, '');
  t.equal(await askForLease({ path, password: '', user: undefined }), 'down');
  await t.rejects(readPostmaster(file), { code: 'ENOTDIR' });
});

t.test('of PostgreSQL’s output, errors and advice are the reason; without any, all of it', async (t) => {
  t.equal(fatalLines('x LOG:  a\nx [1] FATAL:  no.\ny HINT:  Do.\nz LOG:  b\n'), 'no. Do.');
  t.equal(fatalLines('initdb: error: could not\ninitdb: removing'), 'could not');
  t.equal(fatalLines('neither\nnor\n'), 'neither nor');
});

/** As PostgreSQL writes it: pid, directory, start, port, socket, address, shared memory, status. */
function pidFile(pid: number, status: string, port: number): string {
  return `${pid}\n${cluster}\n1\n${port}\n\n127.0.0.1\n  0 0\n${status}\n`;
}
