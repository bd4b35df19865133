import t from 'tap';
import { addListings } from '../../prisma/seed/add-listings.ts';
import { createPrisma } from '../../src/database/prisma.ts';
import { EVERYTHING, tagsOf } from '../../src/properties/tags.ts';
import { execute, scratchDatabase } from '../helpers/database.ts';

const url = await scratchDatabase(t);
const invalidated: string[][] = [];
const invalidate = async (tags: readonly string[]) => void invalidated.push([...tags].sort());
const prisma = createPrisma({ url, tagsOf, invalidate, onConnectionLost() {} });
t.teardown(() => prisma.$disconnect());

t.test('readers see the old listings until all the new ones are there', async (t) => {
  await addListings(prisma, { count: 10, flush: false, seed: 1 }, () => {});
  invalidated.length = 0;
  const seen: (number | null)[] = [];
  const options = { count: 3_000, flush: true, seed: 2 };
  const outcome = await addListings(prisma, options, async () => {
    seen.push((await execute(url, 'SELECT id FROM properties_property')).rowCount);
  });
  t.strictSame(seen, [10, 10, 10]);
  t.strictSame(outcome, { added: 3_000, removed: 10, total: 3_000 });
  t.strictSame(invalidated, [[...EVERYTHING].sort()], 'and then everything is invalidated, once');
});

t.test('a listing that is posted during a flush waits, and gets the id after the last one', async (t) => {
  let posting: Promise<{ id: number }> | undefined;
  const data = { title: 'Posted', description: 'Meanwhile.', price: '1.00', location: 'Accra' };
  await addListings(prisma, { count: 20, flush: true, seed: 3 }, async () => {
    posting = prisma.property.create({ data }).then((row) => row);
    while (!(await isWaiting())) {}
  });
  t.match(await posting, { id: 21 });
  t.equal(await prisma.property.count(), 21);
});

async function isWaiting(): Promise<boolean> {
  const waiting = 'SELECT FROM pg_locks WHERE NOT granted AND relation = $$properties_property$$::regclass';
  return (await execute(url, waiting)).rowCount !== 0;
}
