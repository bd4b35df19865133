import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { DeadlineExceeded, withDeadline } from '../cache/deadline.ts';
import { SESSION_SETTINGS } from './pool.ts';
import { connectionTo } from './schema-engine/connection.ts';

/** What the proof may take. Milliseconds. */
const PROOF_MS = 3_000;

/** `LISTEN` was accepted, and yet nothing is heard. */
export class Unheard extends Error {
  constructor() {
    super('LISTEN is accepted there, and nothing is heard');
  }
}

/** The same PostgreSQL twice: where sessions are one's own, and as everything else is sent to it. */
export interface Ways {
  readonly directUrl: string;
  /** A pooler's, if it is another one. */
  readonly url: string;
}

/** How the service connects to `url`: what a pooler would hand on to others it does not send. */
export function wayTo({ url, directUrl }: Ways): string {
  const pooled = url !== directUrl;
  return String(connectionTo(url, { settings: SESSION_SETTINGS, pooled }).config.connectionString);
}

/**
 * Proves that a session hears what is said through `url`. A pooler in transaction mode accepts `LISTEN`, and the next
 * moment the session is somebody else's (https://www.pgbouncer.org/features.html). This session says nothing while it
 * waits: asked for anything it might be given the same one again, and by that what had come for it.
 */
export async function proveHearing(session: pg.Client, ways: Ways): Promise<void> {
  const channel = `property_listings_${randomBytes(8).toString('hex')}`;
  let isSaid = false;
  const prove = async () => {
    const heard = new Promise<void>((resolve) => {
      session.on('notification', (said) => {
        if (said.channel === channel) resolve();
      });
    });
    await session.query(`LISTEN ${channel}`);
    await ask(wayTo(ways), `NOTIFY ${channel}`);
    isSaid = true;
    await heard;
    await session.query(`UNLISTEN ${channel}`);
  };
  try {
    await withDeadline(prove(), PROOF_MS);
  } catch (error) {
    throw isSaid && error instanceof DeadlineExceeded ? new Unheard() : error;
  }
}

/** One query on a connection of its own. */
export async function ask(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const times = { connectionTimeoutMillis: PROOF_MS, query_timeout: PROOF_MS };
  const client = new pg.Client({ connectionString, ...times });
  client.on('error', () => {}); // The query fails with it.
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    void client.end().catch(() => {}); // Nobody waits for its goodbye.
  }
}
