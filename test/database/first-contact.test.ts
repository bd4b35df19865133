import dns from 'node:dns';
import type { Socket } from 'node:net';
import { mock } from 'node:test';
import t from 'tap';
import { compareTables, makeFirstContact } from '../../src/database/first-contact.ts';
import { execute, scratchDatabase } from '../helpers/database.ts';
import { freePort } from '../helpers/redis.ts';
import { losingAnswers } from './fixture.ts';

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
  t.equal(await said(makeFirstContact({ url, directUrl: url })), 'nothing');
  t.equal(await said(compareTables({ url, directUrl: url })), 'nothing');
  const sessions = 'SELECT FROM pg_stat_activity WHERE datname = current_database()';
  while (((await execute(url, sessions)).rowCount ?? 0) > 1); // Those that said goodbye are on their way.
});

t.test('two URLs have to be of one database, for writes through one to be heard by the other', async (t) => {
  t.match(
    await said(makeFirstContact({ url, directUrl: other })),
    /^What is written through DATABASE_URL is not heard at DIRECT_DATABASE_URL, test_\w+ at .*: let it name PostgreSQL itself/,
  );
});

t.test('two URLs have to find the same table', async (t) => {
  const directUrl = `${url}?schema=elsewhere`;
  await execute(url, 'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.properties_property ()');
  t.match(await said(compareTables({ url, directUrl })), /ALTER ROLE … SET search_path = "elsewhere"$/);
  t.equal(await said(compareTables({ url, directUrl: `${url}?schema=public` })), 'nothing');
});

t.test('a pooler that takes no settings is told of, or what it does not take', async (t) => {
  const settings = await losingAnswers(t, url, {
    text: 'jit=off',
    instead: refusing('unsupported startup parameter: options'),
  });
  t.match(
    await said(makeFirstContact({ url: settings, directUrl: settings })),
    /is behind a pooler \(unsupported startup parameter: options\): set DIRECT_DATABASE_URL to PostgreSQL itself$/,
  );
});

t.test('a database that cannot be used is named, with the variable that names it', async (t) => {
  const away = `postgresql://user:s3cret@127.0.0.1:${await freePort()}/listings`;
  const start =
    'Cannot use database listings at 127\\.0\\.0\\.1:\\d+ \\(.*ECONNREFUSED.*\\): start it, or correct';
  for (const [ways, variable] of [
    [{ url: away, directUrl: away }, 'DATABASE_URL'],
    [{ url: away, directUrl: url }, 'DATABASE_URL'],
    [{ url, directUrl: away }, 'DIRECT_DATABASE_URL'],
  ] as const) {
    const message = await said(makeFirstContact(ways));
    t.match(message, new RegExp(`^${start} ${variable}$`));
    t.notMatch(message, 's3cret');
  }
});

t.test('a name all of whose addresses refuse has a reason, too', async (t) => {
  const away = `postgresql://user@db.example.com:${await freePort()}/listings`;
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  const lookup = mock.method(dns, 'lookup', (_: string, __: object, found: (...answer: unknown[]) => void) =>
    found(null, addresses),
  );
  t.teardown(() => lookup.mock.restore());
  t.match(await said(makeFirstContact({ url: away, directUrl: away })), / \(ECONNREFUSED\): start it, or/);
});
