import { mock } from 'node:test';
import pg from 'pg';
import t, { type Test } from 'tap';
import { createCaches } from '../../src/cache/caches.ts';
import { MemoryStore } from '../../src/cache/stores/memory-store.ts';
import { type Change, ChangeListener } from '../../src/coherence/change-listener.ts';
import { getAllProperties } from '../../src/features/properties/get-all-properties.ts';
import { EVERYTHING, tagsOfChange } from '../../src/features/properties/tags.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { freePort } from '../../support/redis.ts';
import { Gate } from '../helpers/gate.ts';
import { proxyTo } from '../helpers/proxy.ts';
import { losingAnswers, recording } from './fixture.ts';

const url = await scratchDatabase(t);
const database = new URL(url).pathname.slice(1);
const insert =
  "INSERT INTO properties_property (title, description, price, location) VALUES ('a', 'b', 1, 'c')";
const rows = (count: number) =>
  `INSERT INTO properties_property (id, title, description, price, location)
   SELECT 2147483647 - n, 'a', 'b', 1, 'c' FROM generate_series(1, ${count}) AS n`;

type Said = Pick<Change, 'rows' | 'locations'>;

const EVERYTHING_CHANGED: Said = { rows: '*', locations: '*' };

/** A listener, and what it says: `heard()` gives the changes since it was last called, and all of each. */
async function listening(t: Test) {
  const changes: Change[] = [];
  const events: string[] = [];
  const waiting = new Map<string, () => void>();
  const tell = (name: string) => waiting.get(name)?.();
  const listener = new ChangeListener(
    { url, directUrl: url },
    {
      changed: (change) => {
        changes.push(change);
        tell(String(change.transaction));
      },
      listening: async () => {
        events.push('listening');
        tell('listening');
      },
      lost: () => {
        events.push('lost');
        tell('lost');
      },
    },
  );
  await listener.start();
  t.teardown(() => listener.close());

  const next = (name: string) =>
    new Promise<void>((resolve) => {
      waiting.set(name, resolve);
    });

  /** Commits are heard in their order: nothing is to come once what was sent last has come. */
  async function allHeard(): Promise<Change[]> {
    const last = next('the last one');
    await execute(
      url,
      `NOTIFY property_listings, '{"transaction": "the last one", "rows": [], "locations": []}'`,
    );
    await last;
    return changes.splice(0).slice(0, -1);
  }

  /** Neither ids nor locations stand in any particular order. */
  const heard = async (): Promise<Said[]> =>
    (await allHeard()).map(({ rows, locations }) => ({ rows: sorted(rows), locations: sorted(locations) }));
  return { listener, events, next, allHeard, heard };
}

const sorted = <T>(list: readonly T[] | '*') => (list === '*' ? list : [...list].sort());

/** The database as the rest of the server sees it: what stops and ends its sessions. */
const server = new pg.Client({
  connectionString: Object.assign(new URL(url), { pathname: '/postgres' }).href,
});
await server.connect();
t.teardown(() => server.end());
const listeners = `FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'property-listings listen'`;
const accepting = (yes: boolean) => server.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS ${yes}`);
const cut = () => server.query(`SELECT pg_terminate_backend(pid) ${listeners}`);

/** COPY FROM STDIN, as psql's \\copy does it. */
async function copy(lines: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { connection } = client as pg.Client & { connection: CopyConnection };
  const query = new pg.Query('COPY properties_property FROM STDIN');
  Object.assign(query, {
    handleCopyInResponse: () => {
      connection.sendCopyFromChunk(Buffer.from(lines));
      connection.endCopyFrom();
    },
  });
  const ended = new Promise((resolve, reject) => query.once('end', resolve).once('error', reject));
  client.query(query);
  await ended;
  await client.end();
}

interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

t.test('every committed statement is heard once, with the rows and locations that it changed', async (t) => {
  const { heard } = await listening(t);
  const added = { rows: [], locations: ['c'] };
  const HEARD: Record<string, readonly Said[]> = {
    [`${insert} RETURNING id`]: [added],
    [rows(600)]: [{ rows: [], locations: '*' }],
    'UPDATE properties_property SET price = 2 WHERE id = 1': [{ rows: [1], locations: ['c'] }],
    'UPDATE properties_property SET price = 3 WHERE id IN (1, 2147483646)': [
      { rows: [1, 2147483646], locations: ['c'] },
    ],
    'UPDATE properties_property SET id = 2 WHERE id = 1': [{ rows: [1], locations: ['c'] }],
    "INSERT INTO properties_property VALUES (2, '', '', 1, '') ON CONFLICT (id) DO UPDATE SET price = 9": [
      { rows: [2], locations: ['c'] },
    ],
    "INSERT INTO properties_property VALUES (2, '', '', 1, '') ON CONFLICT DO NOTHING": [],
    "UPDATE properties_property SET location = 'd' WHERE id = 2": [{ rows: [2], locations: ['c', 'd'] }],
    "UPDATE properties_property SET location = 'd' WHERE id IN (2, 2147483646)": [
      { rows: [2, 2147483646], locations: ['c', 'd'] },
    ],
    "UPDATE properties_property SET location = 'e' WHERE id = 2": [{ rows: [2], locations: ['d', 'e'] }],
    'DELETE FROM properties_property WHERE id IN (2, 2147483645)': [
      { rows: [2, 2147483645], locations: ['c', 'e'] },
    ],
    'UPDATE properties_property SET price = 4': [EVERYTHING_CHANGED],
    'DELETE FROM properties_property': [EVERYTHING_CHANGED],
    'UPDATE properties_property SET price = 5': [],
    'TRUNCATE properties_property': [EVERYTHING_CHANGED],
    'SELECT * FROM properties_property': [],
    [`BEGIN; ${insert}; TRUNCATE properties_property; COMMIT`]: [added, EVERYTHING_CHANGED],
    [`BEGIN; ${insert}; ROLLBACK`]: [],
    [`BEGIN; SAVEPOINT s; TRUNCATE properties_property; ROLLBACK TO s; ${insert}; COMMIT`]: [added],
  };
  for (const [sql, changes] of Object.entries(HEARD)) {
    await execute(url, sql);
    t.same(await heard(), changes, sql);
  }
});

t.test('500 rows fit into a notification, the longest ids too; 501 are the whole collection', async (t) => {
  await execute(url, `TRUNCATE properties_property; ${rows(501)}`);
  const { heard } = await listening(t);
  await execute(url, 'UPDATE properties_property SET price = 2 WHERE id < 2147483646');
  const [five] = await heard();
  t.equal(five?.rows.length, 500);
  t.same(five?.locations, ['c']);
  await execute(url, 'UPDATE properties_property SET price = 3');
  t.same(await heard(), [EVERYTHING_CHANGED]);
  await execute(url, 'DELETE FROM properties_property WHERE id < 2147483646');
  t.equal((await heard())[0]?.rows.length, 500);
});

t.test('locations fit up to 1,600 bytes of JSON, beside 500 rows; of more they are any', async (t) => {
  const { heard } = await listening(t);
  /** Sixteen that differ, which take 100 bytes each. */
  const names = (filler: string, length: number) =>
    Array.from({ length: 16 }, (_, index) => String(index + 10) + filler.repeat(length));
  const plain = names('x', 94);
  const HEARD: [locations: readonly string[], heard: readonly string[] | '*'][] = [
    [plain, plain],
    [[...plain.slice(1), `${plain[0]}x`], '*'],
    [names('é', 47), names('é', 47)],
    [names('é', 48), '*'],
    [names('"', 47), names('"', 47)],
    [names('"', 48), '*'],
  ];
  for (const [locations, expected] of HEARD) {
    const array = `ARRAY[${locations.map((location) => pg.escapeLiteral(location)).join()}]`;
    await execute(
      url,
      `TRUNCATE properties_property; ${rows(500)};
       UPDATE properties_property SET location = (${array})[id % ${locations.length} + 1]`,
    );
    await heard();
    await execute(url, 'UPDATE properties_property SET price = 2');
    const [change] = await heard();
    t.equal(change?.rows.length, 500);
    t.same(change?.locations, expected === '*' ? '*' : [...expected].sort());
  }
});

t.test('what one transaction changed comes with one id, and another with another', async (t) => {
  const { allHeard } = await listening(t);
  await execute(url, `BEGIN; ${insert}; TRUNCATE properties_property; COMMIT`);
  await execute(url, insert);
  const changes = await allHeard();
  t.match(changes, [
    { rows: [], locations: ['c'], transaction: /^\d+$/ },
    { ...EVERYTHING_CHANGED, transaction: changes[0]?.transaction },
    { rows: [], locations: ['c'], transaction: /^\d+$/ },
  ]);
  t.equal(changes.length, 3);
  t.not(changes[2]?.transaction, changes[0]?.transaction);
});

t.test('a change says what program made it and when', async (t) => {
  const { allHeard } = await listening(t);
  const name = 'a "program"\\with 60 bytes'.padEnd(63, '"');
  const before = Date.now();
  await execute(url, `SET application_name = ${pg.escapeLiteral(name)}; ${insert}`);
  const [change] = await allHeard();
  t.equal(change?.by, name);
  t.ok(before - 1 <= Number(change?.at) && Number(change?.at) <= Date.now() + 1);
});

t.test('a notification by hand means everything, unless it says in JSON what it means', async (t) => {
  const { allHeard } = await listening(t);
  const right = { transaction: '827', rows: [1, 2], locations: ['Accra'] };
  const notify = (payload: string) => execute(url, `NOTIFY property_listings, ${pg.escapeLiteral(payload)}`);
  for (const payload of [
    '',
    '*',
    'by hand',
    '827:1,2',
    '{"transaction": "827", "rows": [1',
    'null',
    '827',
    '"*"',
    '[1, 2]',
    '{}',
    ...[
      { transaction: 827 },
      { transaction: undefined },
      { rows: '1' },
      { rows: undefined },
      { rows: ['1'] },
      { rows: [null] },
      { locations: 'Accra' },
      { locations: undefined },
      { locations: ['Accra', 1] },
      { locations: {} },
    ].map((wrong) => JSON.stringify({ ...right, ...wrong })),
  ]) {
    await notify(payload);
    t.same(
      await allHeard(),
      [{ ...EVERYTHING_CHANGED, transaction: undefined, by: '', at: undefined }],
      payload,
    );
  }
  for (const said of [right, { ...right, ...EVERYTHING_CHANGED }, { ...right, more: 1 }]) {
    await notify(JSON.stringify(said));
    t.match(await allHeard(), [{ transaction: '827', rows: said.rows, locations: said.locations }]);
  }
});

t.test('a connection that drops every packet counts for its time, and is then made again', async (t) => {
  const network = await proxyTo(t, url);
  const [lost, listening] = [new Gate(), new Gate()];
  let starts = 0;
  const listener = new ChangeListener(
    { url, directUrl: network.url },
    {
      changed: () => {},
      listening: async () => {
        starts += 1;
        if (starts === 2) await listening.pass();
      },
      lost: () => void lost.pass(),
    },
    { aliveMs: 600, silenceMs: 900 },
  );
  await listener.start();
  t.teardown(() => listener.close());
  while (!listener.alive) await new Promise(setImmediate);
  network.drop();
  while (listener.alive) await new Promise(setImmediate);
  await lost.reached;
  await network.mend();
  await listening.reached;
  while (!listener.alive) await new Promise(setImmediate);
  for (const gate of [lost, listening]) gate.open();
});

t.test('close ends a connection that is idle and silent', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const network = await proxyTo(t, url);
  const heard = new Gate();
  const listener = new ChangeListener(
    { url, directUrl: network.url },
    {
      changed: () => void heard.pass(),
      listening: async () => {},
      lost: t.fail,
    },
  );
  await listener.start();
  await execute(url, 'NOTIFY property_listings'); // Heard after the first sign of life was answered.
  await heard.reached;
  network.drop();
  const closed = listener.close();
  await new Promise(setImmediate);
  mock.timers.tick(500);
  await closed;
  heard.open();
});

t.test('close does not wait for a server that says nothing any more', async (t) => {
  const network = await proxyTo(t, url);
  const listener = new ChangeListener(
    { url, directUrl: network.url },
    {
      changed: () => {},
      listening: async () => {},
      lost: () => {},
    },
  );
  await listener.start();
  network.drop();
  await listener.close(); // tap gives it 30 seconds.
});

t.test('COPY is heard', async (t) => {
  const { heard } = await listening(t);
  await copy('1000\ta\tb\t1\tc\t2025-08-31\n');
  t.same(await heard(), [{ rows: [], locations: ['c'] }]);
});

t.test('nothing is heard before the commit', async (t) => {
  const { heard } = await listening(t);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.teardown(() => client.end());
  await client.query(`BEGIN; ${insert}`);
  t.same(await heard(), []);
  await client.query('COMMIT');
  t.same(await heard(), [{ rows: [], locations: ['c'] }]);
});

t.test('a connection that was cut is lost once, and made again', async (t) => {
  const { events, next, heard } = await listening(t);
  for (const round of [1, 2]) {
    const [lost, listening] = [next('lost'), next('listening')];
    await cut();
    await lost;
    await listening;
    t.same(events.splice(0), [...(round === 1 ? ['listening'] : []), 'lost', 'listening']);
    await execute(url, insert);
    t.same(await heard(), [{ rows: [], locations: ['c'] }]);
  }
});

t.test('what changed while no listener was connected is not served from the cache afterwards', async (t) => {
  const caches = createCaches({ store: new MemoryStore(1_000_000), everything: EVERYTHING, staleIfError: 0 });
  const { prisma } = recording(t, url);
  const count = async () => JSON.parse(String(await getAllProperties({ prisma, caches, ttl: 60 }))).length;
  const [lost, listening] = [new Gate(), new Gate()];
  let lostOnce = false;
  const listener = new ChangeListener(
    { url, directUrl: url },
    {
      changed: (change) => void caches.invalidate(tagsOfChange(change)),
      listening: async () => {
        await caches.trust('test');
        if (lostOnce) listening.open();
      },
      lost: () => {
        lostOnce = true;
        caches.distrust('test');
        lost.open();
      },
    },
  );
  await listener.start();
  t.teardown(() => listener.close());
  await execute(url, `TRUNCATE properties_property; ${rows(3)}`);
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  t.teardown(() => other.end());

  t.equal(await count(), 3);
  await accepting(false);
  await cut();
  await lost.pass();
  await other.query(insert);
  t.equal(await count(), 4, 'the cache is bypassed meanwhile');
  await other.query(insert);
  await accepting(true);
  await listening.pass();
  t.notOk(caches.bypassed);
  t.equal(await count(), 5);
});

t.test('start rejects when the first connection fails, and tries no other', async (t) => {
  const port = await freePort();
  for (const elsewhere of [
    Object.assign(new URL(url), { host: `127.0.0.1:${port}` }),
    Object.assign(new URL(url), { pathname: '/no_such_database' }),
  ]) {
    const listener = new ChangeListener(
      { url, directUrl: elsewhere.href },
      {
        changed: () => {},
        listening: async () => void t.fail('it does not listen'),
        lost: () => t.fail('there was nothing to lose'),
      },
    );
    await t.rejects(listener.start());
    await listener.close();
  }
});

t.test(
  'start rejects when the server refuses to LISTEN, as a standby does, and leaves no session',
  async (t) => {
    const ended = new Gate();
    const refusal = 'SERROR\0C25006\0Mcannot execute LISTEN during recovery\0\0';
    const length = Buffer.alloc(4);
    length.writeInt32BE(refusal.length + 4);
    const answer = Buffer.concat([
      Buffer.from('E'),
      length,
      Buffer.from(refusal),
      Buffer.from('Z\0\0\0\u0005I'),
    ]);
    const standby = await losingAnswers(t, url, {
      text: 'LISTEN',
      instead: (client) => {
        client.write(answer);
        client.once('close', () => void ended.pass());
      },
    });
    const listener = new ChangeListener(
      { url, directUrl: standby },
      {
        changed: () => {},
        listening: async () => void t.fail('it does not listen'),
        lost: () => t.fail('there was nothing to lose'),
      },
    );
    await t.rejects(listener.start(), { code: '25006' });
    await ended.reached;
  },
);

t.test('who does not hear what is written does not listen, at the start and later', async (t) => {
  const elsewhere = await scratchDatabase(t, { migrated: false });
  const [lost, again, listening] = [new Gate(), new Gate(), new Gate()];
  const urls = { url: elsewhere, directUrl: url };
  let starts = 0;
  const listener = new ChangeListener(
    urls,
    {
      changed: () => {},
      listening: async () => {
        starts += 1;
        if (starts === 2) await listening.pass();
      },
      lost: () => void lost.pass(),
    },
    { proofMs: 250 },
  );
  t.teardown(() => listener.close());
  await t.rejects(listener.start(), { message: 'LISTEN is accepted there, and nothing is heard' });
  urls.url = url;
  while (starts === 0) await listener.start().catch(() => {}); // A busy machine may take longer than that.

  // It asks where to write when it connects again, which is the moment to lead it astray.
  const detour = { asked: 0 };
  Object.defineProperty(urls, 'url', {
    get() {
      detour.asked += 1;
      if (detour.asked > 1) void again.pass();
      return detour.asked > 1 ? url : elsewhere;
    },
  });
  await cut();
  await lost.reached;
  await again.reached;
  t.equal(starts, 1, 'not while it hears nothing');
  t.equal(listener.alive, false);
  await listening.reached;
  t.equal(starts, 2);
  for (const gate of [lost, again, listening]) gate.open();
});

t.test('close ends a listener that is connecting again, and nothing is heard from it any more', async (t) => {
  const { listener, events, next } = await listening(t);
  const lost = next('lost');
  await accepting(false);
  await cut();
  await lost;
  await listener.close();
  await accepting(true);
  t.equal((await server.query(`SELECT 1 ${listeners}`)).rowCount, 0);
  t.same(events, ['listening', 'lost']);
});

t.test('close ends a connection on purpose: it is not lost', async (t) => {
  const { listener, events } = await listening(t);
  await listener.close();
  t.same(events, ['listening']);
});
