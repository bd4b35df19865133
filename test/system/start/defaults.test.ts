import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import t from 'tap';
import { checkout, interruptServer, startServer } from '../../../support/server.ts';
import { LISTING } from '../../helpers/app.ts';

const list = async (address: string) => {
  const body: unknown = await (await fetch(`${address}/properties/`)).json();
  return Object(body).properties;
};

t.test('an interrupt during the first start ends it with 0, and the database with it', async (t) => {
  const folder = await checkout(t);
  const ended = await interruptServer(folder, /migration applied/);
  t.match(ended, { code: 0, stderr: '' });
  t.notMatch(ended.stdout, 'Listening on');
  const connectionString = (await readFile(join(folder, '.data/database-url'), 'utf8')).trim();
  await t.rejects(new pg.Client({ connectionString }).connect(), { code: 'ECONNREFUSED' });
});

t.test('with nothing installed and nothing set', async (t) => {
  const folder = await checkout(t);
  const first = await startServer(t, folder, { TRACED: '1' });
  const key = (await readFile(join(folder, '.data/api-key'), 'utf8')).trim();
  const databaseUrl = (await readFile(join(folder, '.data/database-url'), 'utf8')).trim();
  const write = (address: string, method: string, path: string, body?: object) =>
    fetch(address + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });

  t.test('the first start prints the address and the write key, and has 25 listings', async (t) => {
    t.match(first.output(), `Write key: ${key}`);
    t.equal((await stat(join(folder, '.data/api-key'))).mode & 0o777, 0o600);
    t.equal((await list(first.address)).length, 25);
  });

  t.test('the printed key writes, and the next read is fresh', async (t) => {
    await list(first.address);
    t.equal((await write(first.address, 'POST', '/properties/', LISTING)).status, 201);
    t.equal((await list(first.address)).length, 26);
  });

  t.test(
    "a second server in the same checkout shares the database, and hears of the first one's writes",
    async (t) => {
      const second = await startServer(t, folder);
      t.equal((await list(second.address)).length, 26);
      t.equal((await write(first.address, 'PATCH', '/properties/1/', { title: 'Changed' })).status, 200);
      for (let title = ''; title !== 'Changed'; ) [{ title }] = await list(second.address);
      t.equal(await second.stop(), 0);
      t.equal((await list(first.address))[0].title, 'Changed', 'the first goes on');
    },
  );

  t.test('an interrupt ends the server with 0, and the database with it', async (t) => {
    first.process.kill('SIGINT'); // npm passes the terminal's Ctrl-C on: the server gets it twice.
    t.equal(await first.stop('SIGINT'), 0);
    const client = new pg.Client({ connectionString: databaseUrl });
    await t.rejects(client.connect(), { code: 'ECONNREFUSED' });
  });

  t.test('a later start keeps what was written, and does not bring samples back', async (t) => {
    const again = await startServer(t, folder);
    const listings = await list(again.address);
    t.equal(listings.length, 26);
    t.equal((await readFile(join(folder, '.data/api-key'), 'utf8')).trim(), key);
    for (const { id } of listings) await write(again.address, 'DELETE', `/properties/${id}/`);
    t.equal(await again.stop(), 0);
    const empty = await startServer(t, folder, { API_KEYS: 'a-key-of-mine', TRACED: '1' });
    t.same(await list(empty.address), []);
    t.notMatch(empty.output(), 'Write key', 'API_KEYS are the only ones, where they are set');
    t.equal((await write(empty.address, 'DELETE', '/properties/1/')).status, 401);
  });
});
