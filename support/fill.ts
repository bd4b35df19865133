import pg from 'pg';
import { addListings } from '../prisma/seed/add-listings.ts';

/** Adds so many sample listings, the same for the same seed, and leaves the table as autovacuum would. */
export async function fill(url: string, rows: number, seed: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await addListings(client, { count: rows, flush: false, seed }, () => {});
    await client.query('VACUUM properties_property');
  } finally {
    await client.end();
  }
}
