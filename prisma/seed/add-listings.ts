import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { COLUMNS, fieldOf, inputsOf } from '../../src/features/properties/columns.ts';
import { type SampleListing, sampleListings } from '../../src/features/properties/sample-listings.ts';
import { fieldsOf } from '../../src/platform/index.ts';
import { mergePending } from './merge-pending.ts';
import type { SeedOptions } from './options.ts';

export interface Outcome {
  readonly added: number;
  readonly removed: number;
  /** How many listings there are now. */
  readonly total: number;
}

/**
 * Fills the table in one transaction: readers see the old listings and then the new ones, and a failure changes nothing.
 * Writers wait until the commit. `added` is told of every batch and may be waited for.
 *
 * The trigger that tells of changes would keep a copy of every row until the end, so it is told to rest, which only this
 * transaction sees, and the notification is made here.
 */
export async function addListings(
  client: ClientBase,
  { count, flush, seed }: Omit<SeedOptions, 'yes' | 'help'>,
  added: (rows: number) => unknown,
): Promise<Outcome> {
  await client.query('BEGIN');
  try {
    await client.query('ALTER TABLE properties_property DISABLE TRIGGER USER');
    const removed = flush ? await empty(client) : 0;
    await client.query(`SET LOCAL gin_pending_list_limit = '${PENDING}'`);
    await client.query(`SET LOCAL maintenance_work_mem = '${MERGE_MEMORY}'`);
    await pipeline(
      Readable.from(lines(sampleListings({ count, seed }), added)),
      client.query(copyFrom(COPY)),
    );
    await mergePending(client);
    await client.query('ANALYZE properties_property');
    const { rows } = await client.query<{ total: number }>(
      'SELECT count(*)::int AS total FROM properties_property',
    );
    await client.query('ALTER TABLE properties_property ENABLE TRIGGER USER');
    await client.query(`SELECT pg_notify('property_listings', '*')`);
    await client.query('COMMIT');
    return { added: count, removed, total: rows[0]?.total ?? 0 };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // The connection may be what failed.
    throw error;
  }
}

/** Ids start at 1 again. Readers do not wait, as they would for a TRUNCATE. */
async function empty(client: ClientBase): Promise<number> {
  const { rowCount } = await client.query('DELETE FROM properties_property');
  await client.query('ALTER SEQUENCE properties_property_id_seq RESTART');
  return rowCount ?? 0;
}

/** What a client may send, and since when it is there: PostgreSQL gives it its id. */
const COPIED = [...Object.keys(inputsOf(COLUMNS)), 'created_at'];

/** Ten times as fast as INSERT, and it needs no memory for more than a batch. */
const COPY = `COPY properties_property (${COPIED.join(', ')}) FROM STDIN (FORMAT csv)`;

/** Words go into a list first and are merged into their index in large lots: a third of the time of many small ones. */
const PENDING = '1GB';
const MERGE_MEMORY = '256MB';

async function* lines(
  batches: AsyncIterable<readonly SampleListing[]>,
  added: (rows: number) => unknown,
): AsyncGenerator<string> {
  for await (const listings of batches) {
    yield listings.map(lineOf).join('');
    await added(listings.length);
  }
}

/** A row in the CSV format of COPY (https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-CSV-FORMAT). */
export const lineOf = (listing: SampleListing): string =>
  `${COPIED.map((name) => quoted(fieldsOf(listing)[fieldOf(name)])).join(',')}\n`;

/** Without quotes an empty value is NULL. */
export function quoted(value: unknown): string {
  if (value === null) return '';
  const text = value instanceof Date ? value.toISOString() : String(value);
  return `"${text.replaceAll('"', '""')}"`;
}
