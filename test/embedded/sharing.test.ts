import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import t from 'tap';
import { LEASE_LOCK } from '../../src/embedded/lease.ts';
import { openEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import {
  ask,
  isRunning,
  killPostmaster,
  openElsewhere,
  postmasterPid,
  spawnOpener,
  temporaryFolder,
} from './fixture.ts';

const directory = await temporaryFolder(t);

t.test(
  'two processes that open a new directory at once share one server, which ends with them',
  async (t) => {
    const openers = await Promise.all([openElsewhere(t, directory), openElsewhere(t, directory)]);
    t.equal(openers[0].url, openers[1].url);
    t.strictSame(await Promise.all(openers.map((opener) => opener.close())), [0, 0]);
    t.notOk(isRunning(directory), 'the last one out stopped it, although they left together');
    t.strictSame(await readdir(directory), ['database-url', 'postgres', 'postgres.log']);
  },
);

t.test('a second process that opens the directory keeps the server when the first one closes', async (t) => {
  const first = await openElsewhere(t, directory);
  const second = await openElsewhere(t, directory);
  t.equal(second.url, first.url);
  t.equal(await first.close(), 0);
  t.equal(await ask(second.url, 'SELECT current_database()'), 'property_listings');
  t.equal(await second.close(), 0);
  t.notOk(isRunning(directory));
});

t.test('opened and closed over and over at once, every opener finds a server that works', async (t) => {
  const openers = Array.from({ length: 4 }, async (_, nth) => {
    for (let round = 0; round < 4; round++) {
      const postgres = await openEmbeddedPostgres(directory);
      t.equal(await ask(postgres.url, 'SELECT 1'), 1);
      await sleep(nth * 3);
      await postgres.close();
    }
  });
  await Promise.all(openers);
  t.notOk(isRunning(directory));
});

t.test(
  'while another has the lease for itself, as when it stops the server, an opener asks again',
  async (t) => {
    const postgres = await openEmbeddedPostgres(directory);
    const stopper = new Client(postgres.url.replace('/property_listings', '/postgres'));
    await stopper.connect();
    const leases = `SELECT pid FROM pg_stat_activity WHERE application_name = 'property-listings lease'`;
    await stopper.query(`SELECT pg_terminate_backend(pid) FROM (${leases})`);
    await stopper.query('SELECT pg_advisory_lock($1)', [LEASE_LOCK]);
    const waits: string[] = [];
    const waitsFor = (what: string) => {
      if (waits.push(what) === 2) void stopper.end();
    };
    const second = await openEmbeddedPostgres(directory, { waitsFor });
    t.match(waits[0], /which another process is starting or stopping/);
    t.equal(await ask(second.url, 'SELECT 1'), 1);
    await postgres.close();
    t.ok(isRunning(directory), 'the first one lost its lease, the second has one');
    await second.close();
    t.notOk(isRunning(directory));
  },
);

t.test('an opener killed with -9 leaves the server to the next, whose close stops it', async (t) => {
  const victim = await openElsewhere(t, directory);
  const pid = await postmasterPid(directory);
  victim.process.kill('SIGKILL');
  await once(victim.process, 'exit');
  const postgres = await openEmbeddedPostgres(directory);
  t.equal(await postmasterPid(directory), pid, 'the same server');
  t.equal(await ask(postgres.url, 'SELECT 1'), 1);
  await postgres.close();
  t.notOk(isRunning(directory));
});

t.test(
  'a server killed with -9 does not take its opener down, and recovers at the next opening',
  async (t) => {
    const before = await openEmbeddedPostgres(directory);
    await ask(before.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await killPostmaster(directory);
    t.ok(isRunning(directory), 'a stale postmaster.pid is left');
    const after = await openEmbeddedPostgres(directory);
    t.equal(await ask(after.url, 'SELECT answer FROM kept'), 42);
    await before.close();
    t.equal(await ask(after.url, 'SELECT 1'), 1, 'the new server is not the one that was closed');
    await after.close();
    t.notOk(isRunning(directory));
  },
);

t.test('closing twice, or after the server died, is no error', async () => {
  const postgres = await openEmbeddedPostgres(directory);
  await killPostmaster(directory);
  await postgres.close();
  await postgres.close();
});

t.test(
  'Ctrl-C, which reaches every process of the terminal’s group, does not reach the server',
  async (t) => {
    const victim = spawnOpener(t, directory, { detached: true }); // the leader of a group of its own
    await once(victim.stdout, 'data');
    const pid = await postmasterPid(directory);
    process.kill(-Number(victim.pid), 'SIGINT');
    await once(victim, 'exit');
    const postgres = await openEmbeddedPostgres(directory);
    t.equal(await postmasterPid(directory), pid, 'the same server');
    await postgres.close();
  },
);

t.test('a first start that was killed leaves nothing that the next one trips over', async (t) => {
  const directory = await temporaryFolder(t);
  const victim = spawnOpener(t, directory);
  while (!(await readdir(directory)).some((name) => name.startsWith('postgres.draft-'))) await sleep(5);
  await sleep(200);
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  const postgres = await openEmbeddedPostgres(directory);
  t.strictSame(await readdir(directory), ['database-url', 'postgres', 'postgres.log']);
  await postgres.close();
});
