import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { DeadlineExceeded, withDeadline } from '../platform/index.ts';
import { openSession } from './connection.ts';

/** How long the proof may take. Milliseconds. */
const PROOF_MS = 3_000;

/** `LISTEN` was accepted, but notifications do not arrive. */
export class NotDelivered extends Error {
  constructor() {
    super('LISTEN is accepted there, and nothing is heard');
  }
}

/** The two URLs of one database: that of PostgreSQL itself, and that to which all queries are sent. */
export interface DatabaseUrls {
  /** Of PostgreSQL itself, where a connection keeps its session. */
  readonly directUrl: string;
  /** Of a pooler, or the same. */
  readonly url: string;
}

/** The options of a session that checks the database. */
export const CHECK = { name: 'property-listings check', connectMs: PROOF_MS, statementMs: PROOF_MS } as const;

/** Whether `url` is a pooler's. */
export const isPooled = ({ url, directUrl }: DatabaseUrls): boolean => url !== directUrl;

/**
 * Proves that notifications which are sent through `url` arrive at this session. A pooler in transaction mode accepts
 * `LISTEN`, and then gives the session to another client (https://www.pgbouncer.org/features.html). No query is sent on this
 * session while it waits: the pooler might give the query that very session, which would pass on what had arrived for it.
 *
 * @throws NotDelivered when the notification was sent and does not arrive in time
 */
export async function proveDelivery(
  session: pg.Client,
  urls: DatabaseUrls,
  proofMs = PROOF_MS,
): Promise<void> {
  const channel = `property_listings_${randomBytes(8).toString('hex')}`;
  let isSent = false;
  const prove = async () => {
    const delivered = new Promise<void>((resolve) => {
      session.on('notification', (notification) => {
        if (notification.channel === channel) resolve();
      });
    });
    await session.query(`LISTEN ${channel}`);
    await ask(urls, `NOTIFY ${channel}`);
    isSent = true;
    await delivered;
    await session.query(`UNLISTEN ${channel}`);
  };
  try {
    await withDeadline(prove(), proofMs);
  } catch (error) {
    throw isSent && error instanceof DeadlineExceeded ? new NotDelivered() : error;
  }
}

/** Runs one query through `url`, as the service runs all of its own, on a new connection. */
export async function ask(urls: DatabaseUrls, sql: string): Promise<Record<string, unknown> | undefined> {
  const session = await openSession(urls.url, { ...CHECK, pooled: isPooled(urls) });
  try {
    return (await session.query(sql)).rows[0];
  } finally {
    void session.end().catch(() => {}); // Not awaited: the result is there.
  }
}
