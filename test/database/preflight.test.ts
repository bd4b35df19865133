import dns from 'node:dns';
import type { Socket } from 'node:net';
import { mock } from 'node:test';
import t from 'tap';
import { compareTables, endsStatements, preflight } from '../../src/database/preflight.ts';
import { sessionAdvice } from '../../src/database/reasons.ts';
import { execute, scratchDatabase, withParameter } from '../../support/database.ts';
import { freePort } from '../../support/redis.ts';
import { losingAnswers } from '../coherence/fixture.ts';

const url = await scratchDatabase(t);
const other = await scratchDatabase(t);

/** What a server answers to a start-up that it refuses, before the end. */
function refusing(message: string): (client: Socket) => void {
  const fields = `SFATAL\0C08P01\0M${message}\0\0`;
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  return (client) => client.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)]));
}

const said = (refused: Promise<void>): Promise<string> =>
  refused.then(
    () => 'nothing',
    ({ message }: Error) => message,
  );

t.test('a database whose sessions hear what is written is let pass, and left as it was', async (t) => {
  t.equal(await said(preflight({ url, directUrl: url })), 'nothing');
  t.equal(await said(compareTables({ url, directUrl: url })), 'nothing');
  const sessions = 'SELECT FROM pg_stat_activity WHERE datname = current_database()';
  while (((await execute(url, sessions)).rowCount ?? 0) > 1); // Those that said goodbye are on their way.
});

t.test('two URLs have to be of one database, for writes through one to be heard by the other', async (t) => {
  t.match(
    await said(preflight({ url, directUrl: other }, 300)),
    /^What is written through DATABASE_URL is not heard at DIRECT_DATABASE_URL, test_\w+ at .*: let it name PostgreSQL itself/,
  );
});

t.test('two URLs have to find the same table', async (t) => {
  const directUrl = withParameter(url, 'schema', 'elsewhere');
  await execute(url, 'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.properties_property ()');
  t.match(await said(compareTables({ url, directUrl })), /ALTER ROLE … SET search_path = "elsewhere"$/);
  t.equal(await said(compareTables({ url, directUrl: withParameter(url, 'schema', 'public') })), 'nothing');
});

t.test('a table that is missing is said to be missing', async (t) => {
  const directUrl = withParameter(url, 'schema', 'empty');
  await execute(url, 'CREATE SCHEMA empty');
  t.match(
    await said(compareTables({ url, directUrl })),
    /^Schema empty has no table properties_property, although .*: restore it, or let it be made again with DROP TABLE _prisma_migrations$/,
  );
});

t.test('two URLs have to name the same schema', async (t) => {
  const directUrl = withParameter(url, 'schema', 'elsewhere');
  t.match(
    await said(preflight({ url, directUrl })),
    /name two schemas, public and elsewhere: give both the same \?schema=$/,
  );
});

t.test('a pooler whose role has no limit of time below ours is told from one that has', async (t) => {
  t.ok(await endsStatements({ url, directUrl: url }, 7_500), 'where sessions are our own they have it');
  const pooled = { url: other, directUrl: url };
  t.notOk(await endsStatements(pooled, 7_500));
  const limit = `ALTER DATABASE ${new URL(other).pathname.slice(1)} SET statement_timeout =`;
  await execute(other, `${limit} '8s'`);
  t.notOk(await endsStatements(pooled, 7_500));
  await execute(other, `${limit} '7s'`);
  t.ok(await endsStatements(pooled, 7_500));
});

t.test('a pooler that takes no settings is told of, or what it does not take', async (t) => {
  const settings = await losingAnswers(t, url, {
    text: 'jit=off',
    instead: refusing('unsupported startup parameter: options'),
  });
  t.match(
    await said(preflight({ url: settings, directUrl: settings })),
    /is behind a pooler \(unsupported startup parameter: options\): set DIRECT_DATABASE_URL to PostgreSQL itself$/,
  );
  t.match(
    await said(preflight({ url, directUrl: settings })),
    /^What is written through DATABASE_URL is not heard at DIRECT_DATABASE_URL/,
  );
});

t.test('a database that cannot be used is named, with the variable that names it', async (t) => {
  const away = `postgresql://user:s3cret@127.0.0.1:${await freePort()}/listings`;
  const start =
    'Cannot use database listings at 127\\.0\\.0\\.1:\\d+ \\(.*ECONNREFUSED.*\\): start it, or correct';
  for (const [urls, variable] of [
    [{ url: away, directUrl: away }, 'DATABASE_URL'],
    [{ url: away, directUrl: url }, 'DATABASE_URL'],
    [{ url, directUrl: away }, 'DIRECT_DATABASE_URL'],
  ] as const) {
    const message = await said(preflight(urls));
    t.match(message, new RegExp(`^${start} ${variable}$`));
    t.notMatch(message, 's3cret');
  }
});

t.test('a database that does not exist is to be created', async (t) => {
  const missing = url.replace(/test_\w+/, 'missing');
  t.match(
    await said(preflight({ url: missing, directUrl: missing })),
    /^Cannot use database missing at \S+ \(database "missing" does not exist\): create it \(npx prisma migrate deploy does\), or correct DATABASE_URL$/,
  );
});

for (const [code, advice] of [
  ['28P01', 'let this user in (its password, pg_hba.conf)'],
  ['42501', 'grant this user CONNECT'],
  ['53300', 'raise its max_connections'],
  ['57P03', 'wait until it has started'],
  [undefined, 'start it'],
] as const) {
  t.test(`what is to be done about ${code} is to ${advice}`, async (t) => {
    t.equal(sessionAdvice(code), advice);
  });
}

t.test('a name all of whose addresses refuse has a reason, too', async (t) => {
  const away = `postgresql://user@db.example.com:${await freePort()}/listings`;
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  const lookup = mock.method(dns, 'lookup', (_: string, __: object, found: (...answer: unknown[]) => void) =>
    found(null, addresses),
  );
  t.teardown(() => lookup.mock.restore());
  t.match(await said(preflight({ url: away, directUrl: away })), / \(ECONNREFUSED\): start it, or/);
});
