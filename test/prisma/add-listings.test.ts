import pg from 'pg';
import t from 'tap';
import { addListings, lineOf } from '../../prisma/seed/add-listings.ts';
import { sampleListings } from '../../src/features/properties/sample-listings.ts';
import { execute, scratchDatabase } from '../../support/database.ts';

const url = await scratchDatabase(t);
const client = await connected();
const listener = await connected();
const heard: (string | undefined)[] = [];
listener.on('notification', ({ payload }) => heard.push(payload));
await listener.query('LISTEN property_listings');

async function connected() {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.teardown(() => client.end());
  return client;
}

const count = async () => (await execute(url, 'SELECT id FROM properties_property')).rowCount;

t.test(
  'readers see the old listings until all the new ones are there, and are told of them once',
  async (t) => {
    await addListings(client, { count: 10, flush: false, seed: 1 }, () => {});
    const seen: (number | null)[] = [];
    const options = { count: 3_000, flush: true, seed: 2 };
    const outcome = await addListings(client, options, async () => seen.push(await count()));
    t.strictSame(seen, [10, 10, 10]);
    t.strictSame(outcome, { added: 3_000, removed: 10, total: 3_000 });
    await listener.query('SELECT 1'); // What was notified before comes before its answer.
    t.strictSame(heard, ['*', '*']);
    await execute(url, 'UPDATE properties_property SET price = 1 WHERE id = 1');
    await listener.query('SELECT 1');
    t.match(heard[2], /"rows": \[1\]/, 'the trigger is back');
  },
);

t.test('what was added is found by its words, with nothing left to merge', async (t) => {
  await addListings(client, { count: 500, flush: true, seed: 5 }, () => {});
  const { rows } = await execute(
    url,
    `SELECT (SELECT count(*) FROM properties_property WHERE words @@ plainto_tsquery('english', 'flat'))::int AS found,
      (SELECT count(*) FROM properties_property WHERE title ILIKE '%flat%' OR description ILIKE '%flat%')::int AS there,
      (SELECT sum(gin_clean_pending_list(indexrelid)) FROM pg_index WHERE indrelid = 'properties_property'::regclass
        AND indexrelid::regclass::text LIKE '%words%')::int AS pending`,
  );
  t.equal(rows[0].found, rows[0].there);
  t.equal(rows[0].pending, 0);
});

t.test('a row is a record, whatever is in its texts', async (t) => {
  for await (const [sample] of sampleListings({ count: 1 })) {
    if (!sample) throw new Error('There is no sample');
    const texts = { title: 'a\\b\t"c"', description: 'd\ne, f', price: 1, location: 'Accra' };
    const line = lineOf({ ...sample, ...texts, createdAt: new Date(0) });
    t.equal(line, '"a\\b\t""c""","d\ne, f","1","Accra","1970-01-01T00:00:00.000Z"\n');
  }
});

t.test('a listing that is posted meanwhile waits, and gets the id after the last one', async (t) => {
  let posting: Promise<pg.QueryResult> | undefined;
  await addListings(client, { count: 20, flush: true, seed: 3 }, async () => {
    posting = execute(
      url,
      `INSERT INTO properties_property (title, description, price, location) VALUES ('Posted', 'Meanwhile.', 1, 'Accra') RETURNING id`,
    );
    while (!(await isWaiting())) {}
  });
  t.match((await posting)?.rows, [{ id: 21 }]);
  t.equal(await count(), 21);
});

t.test('a failure on the way changes nothing, and the connection is good for the next', async (t) => {
  const failing = () => {
    throw new Error('no more');
  };
  await t.rejects(addListings(client, { count: 5, flush: true, seed: 4 }, failing), { message: 'no more' });
  t.equal(await count(), 21);
  t.match(await addListings(client, { count: 5, flush: false, seed: 4 }, () => {}), { total: 26 });
});

async function isWaiting(): Promise<boolean> {
  const waiting = `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE NOT granted AND relation = 'properties_property'::regclass AND datname = current_database()`;
  return (await execute(url, waiting)).rowCount !== 0;
}
