import { connectionTo } from './connection.ts';
import { Pool } from './pool.ts';

/** How long a request may wait for a connection to PostgreSQL. Milliseconds. */
const CONNECT_MS = 3_000;

/**
 * PostgreSQL's `statement_timeout`: then it cancels the statement, and the connection serves the next one. If no answer has
 * come a little later, the connection is lost, and the statement counts as one that may have committed. Milliseconds.
 */
export const STATEMENT_MS = 7_500;

/** How many connections there are at most. */
const POOL_SIZE = 10;

/** For how long an idle connection is kept. Milliseconds. */
const IDLE_MS = 10_000;

export interface PoolOptions {
  readonly url: string;
  /** `url` is a pooler's: sessions are shared, transaction by transaction. */
  readonly pooled?: boolean;
  /** The `application_name` of its sessions, in `pg_stat_activity` and in their notifications. At most 63 bytes. */
  readonly applicationName?: string;
  readonly statementMs?: number;
}

/** Connections for the client of the same URL, which ends them. */
export function openPool(options: PoolOptions): Pool {
  const { url, pooled = false, applicationName = 'property-listings', statementMs = STATEMENT_MS } = options;
  return new Pool({
    ...connectionTo(url, { name: applicationName, connectMs: CONNECT_MS, pooled, statementMs }).config,
    max: POOL_SIZE,
    idleTimeoutMillis: IDLE_MS,
  });
}
