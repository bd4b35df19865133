import fc from 'fast-check';
import pg from 'pg';
import t from 'tap';
import { getAllProperties } from '../../../src/features/properties/get-all-properties.ts';
import { toProperty } from '../../../src/features/properties/property.ts';
import { build } from '../../helpers/app.ts';

const text = (maxLength: number) =>
  fc
    .string({ unit: 'binary', minLength: 1, maxLength })
    .filter((value) => !value.includes('\0') && value.isWellFormed());

const listing = fc.record({
  title: text(200),
  description: text(500),
  location: text(100),
  price: fc.integer({ min: 0, max: 9_999_999_999 }).map((cents) => (cents / 100).toFixed(2)),
  createdAt: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
});

const ODD = [
  '"\\/\b\f\n\r\t',
  '\u0001\u001f\u007f\u0080\u2028\u2029',
  '😀 ñ 中',
  '$1 %s `',
  "'; --",
  '{"a":1}',
];

t.test('PostgreSQL makes of a row, to the byte, what toProperty and JSON.stringify make of it', async (t) => {
  const app = await build(t);
  const { prisma, caches } = app;
  const list = async () => {
    await caches.invalidate(['properties']);
    return String(await getAllProperties({ prisma, caches, ttl: 60 }));
  };
  const expected = async () =>
    JSON.stringify((await prisma.property.findMany({ orderBy: { id: 'asc' } })).map(toProperty));
  t.equal(await list(), '[]');
  await prisma.property.createMany({
    data: ODD.map((odd) => ({ title: odd, description: odd, location: odd, price: '0.00' })),
  });
  t.equal(await list(), await expected());
  await fc.assert(
    fc.asyncProperty(fc.array(listing, { minLength: 1, maxLength: 20 }), async (rows) => {
      await prisma.property.deleteMany();
      await prisma.property.createMany({ data: rows });
      t.equal(await list(), await expected());
    }),
    { numRuns: 20 },
  );
});

t.test('whatever PostgreSQL is set to, the list is the same', async (t) => {
  const app = await build(t);
  const { prisma, caches } = app;
  await prisma.property.createMany({
    data: [{ title: 'a', description: 'b', location: 'c', price: '1200.5', createdAt: new Date(1e12 + 7) }],
  });
  const client = new pg.Client({ connectionString: app.config.DATABASE_URL });
  await client.connect();
  const database = client.escapeIdentifier(String(client.database));
  for (const setting of [
    `DateStyle TO 'German'`,
    `TimeZone TO 'Asia/Kolkata'`,
    `IntervalStyle TO 'iso_8601'`,
  ]) {
    await client.query(`ALTER DATABASE ${database} SET ${setting}`);
  }
  await client.end();
  await prisma.$disconnect(); // The next query connects again, with these settings.
  await caches.invalidate(['properties']);
  t.match(JSON.parse(String(await getAllProperties({ prisma, caches, ttl: 60 }))), [
    {
      id: 1,
      title: 'a',
      description: 'b',
      price: '1200.50',
      location: 'c',
      created_at: '2001-09-09T01:46:40.007Z',
    },
  ]);
});
