import type { Prisma } from '../../src/database/prisma.ts';
import { sampleListings } from '../../src/properties/sample-listings.ts';
import type { PropertyInput } from '../../src/properties/schemas.ts';
import type { SeedOptions } from './options.ts';

/** Long enough for the largest count on a slow machine; waiting for a connection is pg's to limit. Milliseconds. */
const LIMITS = { timeout: 3_600_000, maxWait: 10_000 };

export interface Outcome {
  readonly added: number;
  readonly removed: number;
  /** How many listings there are now. */
  readonly total: number;
}

/**
 * Fills the table in one transaction: readers see the old listings and then the new ones, and a failure
 * changes nothing. `added` is told of every batch and may be waited for.
 */
export function addListings(
  prisma: Prisma,
  { count, flush, seed }: Omit<SeedOptions, 'yes'>,
  added: (rows: number) => unknown,
): Promise<Outcome> {
  return prisma.$transaction(async (tx) => {
    const removed = flush ? await empty(tx) : 0;
    for await (const listings of sampleListings({ count, seed })) {
      await insert(tx, listings);
      await added(listings.length);
    }
    return { added: count, removed, total: await tx.property.count() };
  }, LIMITS);
}

type Writer = Pick<Prisma, 'property' | '$executeRaw'>;

/**
 * Ids start at 1 again. Writers wait until the commit: one in between could take an id that is given out
 * anew. Readers do not, as they would for a TRUNCATE.
 */
async function empty(tx: Writer): Promise<number> {
  await tx.$executeRaw`LOCK TABLE properties_property IN SHARE ROW EXCLUSIVE MODE`;
  const { count } = await tx.property.deleteMany();
  await tx.$executeRaw`ALTER SEQUENCE properties_property_id_seq RESTART`;
  return count;
}

/** One parameter however many rows: twenty times as fast as `createMany`, which takes one for each value. */
async function insert(tx: Writer, listings: readonly PropertyInput[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO properties_property (title, description, price, location)
    SELECT title, description, price, location
    FROM json_populate_recordset(NULL::properties_property, ${JSON.stringify(listings)}::json)`;
}
