import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';
import { type InvalidationRules, invalidationExtension } from './invalidation-extension.ts';
import { Pool, SESSION_SETTINGS } from './pool.ts';
import { connectionTo } from './schema-engine/connection.ts';

/** What a request may wait for a connection to PostgreSQL. Milliseconds. */
const CONNECT_MS = 3_000;

/** What a query may take; then its request fails, and what it changes counts as changed. Milliseconds. */
const QUERY_MS = 8_000;

export interface PoolOptions {
  readonly url: string;
  /** It is a pooler's: its sessions are shared, transaction by transaction. */
  readonly pooled?: boolean;
  /** How its sessions are seen in `pg_stat_activity`, and in what they notify of. At most 63 bytes. */
  readonly applicationName?: string;
}

export interface PrismaOptions extends InvalidationRules {
  readonly url: string;
  /** Unless given, one of its own. */
  readonly pool?: Pool;
  /** Told of a pooled connection that was lost while nobody used it. */
  onConnectionLost(error: Error): void;
}

/** Connections for the client of the same URL, which ends them. */
export function openPool({ url, pooled = false, applicationName = 'property-listings' }: PoolOptions): Pool {
  return new Pool({
    connectionString: connectionTo(url, { settings: SESSION_SETTINGS, pooled }).config.connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    keepAlive: true,
  });
}

/** The client of this service: Prisma over pg, with invalidation built in. The creator disconnects it. */
export function createPrisma({ url, pool = openPool({ url }), onConnectionLost, ...rules }: PrismaOptions) {
  const adapter = new PrismaPg(pool, {
    schema: connectionTo(url).schema,
    onPoolError: onConnectionLost,
    disposeExternalPool: true,
  });
  return new PrismaClient({ adapter }).$extends(invalidationExtension(rules));
}

export type Prisma = ReturnType<typeof createPrisma>;

/** What `getAllProperties` and its like need: the client itself, or the one inside a transaction. */
export type Reader = Pick<Prisma, 'property' | '$queryRawUnsafe'>;
