import Fastify from 'fastify';
import pg from 'pg';
import t from 'tap';
import { Type } from 'typebox';
import { createPrisma } from '../../../src/coherence/client.ts';
import {
  addSampleListings,
  type SampleListing,
  type SampleOptions,
  sampleListings,
} from '../../../src/features/properties/sample-listings.ts';
import { type PropertyInput, PropertyInputSchema } from '../../../src/features/properties/schemas.ts';
import { EVERYTHING, tagsOf } from '../../../src/features/properties/tags.ts';
import { validation } from '../../../src/features/properties/validation.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';

async function batches(options: SampleOptions): Promise<SampleListing[][]> {
  const listings: SampleListing[][] = [];
  for await (const batch of sampleListings(options)) listings.push(batch);
  return listings;
}

async function all(options: SampleOptions): Promise<SampleListing[]> {
  return (await batches(options)).flat();
}

t.test('sample listings are exactly as many as asked for, in batches of at most 1,000', async (t) => {
  const sizes = (await batches({ count: 2_345 })).map(({ length }) => length);
  t.strictSame(sizes, [1_000, 1_000, 345]);
});

const NOW = Date.UTC(2026, 0);

t.test('every sample listing is one that the API would take', async (t) => {
  const app = Fastify({ ajv: validation });
  t.teardown(() => app.close());
  app.post('/', { schema: { body: Type.Array(PropertyInputSchema) } }, async () => 'taken');
  const payload = (await all({ count: 1_000, seed: 3 })).map(({ createdAt, ...listing }) => listing);
  t.equal((await app.inject({ method: 'POST', url: '/', payload })).body, 'taken');
});

t.test('a sample listing agrees with itself, and its price has two decimals', async (t) => {
  const odd: PropertyInput[] = [];
  for (const { title, description, price, location } of await all({ count: 3_000, seed: 4 })) {
    const [, home = '', area] = /^(.+) in (.+)$/.exec(title) ?? [];
    const agrees =
      area === location.split(', ')[0] &&
      description.toLowerCase().includes(` ${home.toLowerCase()} of `) &&
      /^([A-Z][^.]+\.( |$)){1,3}$/.test(description) &&
      /^[1-9]\d{2,4}\.\d0$/.test(String(price));
    if (!agrees) odd.push({ title, description, price, location });
  }
  t.strictSame(odd, []);
});

t.test('a seed gives the same listings every time, also while others are being made', async (t) => {
  const [some, same, other] = await Promise.all([
    all({ count: 1_500, seed: 7, now: NOW }),
    all({ count: 1_500, seed: 7, now: NOW }),
    all({ count: 1_500, seed: 8, now: NOW }),
  ]);
  t.equal(JSON.stringify(some), JSON.stringify(same));
  t.notSame(some[0], other[0]);
  t.strictSame(
    await all({ count: 25, seed: 7, now: NOW }),
    some.slice(0, 25),
    'a smaller count is their beginning',
  );
});

t.test('without a seed the listings differ each time', async (t) => {
  t.notSame(await all({ count: 25 }), await all({ count: 25 }));
});

t.test('sample listings are added to a table that has never held a row, and to no other', async (t) => {
  const url = await scratchDatabase(t);
  const open = () =>
    createPrisma({
      url,
      tagsOf: { Property: tagsOf },
      everything: EVERYTHING,
      invalidate: async () => {},
      onConnectionLost() {},
    });
  const [prisma, second] = [open(), open()];
  t.teardown(() => Promise.all([prisma.$disconnect(), second.$disconnect()]));

  await Promise.all([prisma, second].map((client) => addSampleListings(client, 25)));
  t.equal(await prisma.property.count(), 25, 'once, although two servers started at once');

  await prisma.property.deleteMany();
  await addSampleListings(prisma, 25);
  t.equal(await prisma.property.count(), 0, 'when all were deleted they do not come back');

  await execute(url, 'ALTER SEQUENCE properties_property_id_seq RESTART');
  await prisma.property.create({ data: { id: 40, title: 'A', description: 'B', price: '1', location: 'C' } });
  await addSampleListings(prisma, 25);
  t.equal(await prisma.property.count(), 1, 'a row whose id was given counts as well');
});

t.test('while another session has the lock they are waited for, and not for ever', async (t) => {
  const url = await scratchDatabase(t);
  const prisma = createPrisma({
    url,
    tagsOf: { Property: tagsOf },
    everything: EVERYTHING,
    invalidate: async () => {},
    onConnectionLost() {},
  });
  t.teardown(() => prisma.$disconnect());
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  await other.query('SELECT pg_advisory_lock(7072736901)');
  await t.rejects(addSampleListings(prisma, 25, 0), { code: 'PL_SAMPLES_LOCKED' });
  const watched = new Proxy(prisma, {
    get: (target, name) => {
      if (name !== '$transaction') return Reflect.get(target, name);
      return async (...given: unknown[]) => {
        const isAdded = await Reflect.apply(target.$transaction, target, given);
        if (!isAdded) await other.end();
        return isAdded;
      };
    },
  });
  await addSampleListings(watched, 25);
  t.equal(await prisma.property.count(), 25);
});
