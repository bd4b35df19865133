import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';
import { type InvalidationRules, invalidationExtension } from './invalidation-extension.ts';
import { Pool } from './pool.ts';
import { connectionTo } from './schema-engine/connection.ts';

/** What a request may wait for a connection to PostgreSQL. Milliseconds. */
const CONNECT_MS = 3_000;

/** What a query may take; then its request fails, and what it changes counts as changed. Milliseconds. */
const QUERY_MS = 8_000;

/** To compile a statement takes longer than to answer it: 300 ms where 3 do. */
const SETTINGS = '-c jit=off';

export interface PrismaOptions extends InvalidationRules {
  readonly url: string;
  /** How its sessions are seen in `pg_stat_activity`, and in what they notify of. At most 63 bytes. */
  readonly applicationName?: string;
  /** Told of a pooled connection that was lost while nobody used it. */
  onConnectionLost(error: Error): void;
  /** Told of the pool, whose `waitingCount` says how many queries wait for a connection. */
  onPool?(pool: Pick<Pool, 'waitingCount'>): void;
}

/** The client of this service: Prisma over pg, with invalidation built in. The creator disconnects it. */
export function createPrisma({
  url,
  applicationName = 'property-listings',
  onConnectionLost,
  onPool = () => {},
  ...rules
}: PrismaOptions) {
  const { schema, config } = connectionTo(url, SETTINGS);
  const pool = new Pool({
    connectionString: config.connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    keepAlive: true,
  });
  onPool(pool);
  const adapter = new PrismaPg(pool, { schema, onPoolError: onConnectionLost, disposeExternalPool: true });
  return new PrismaClient({ adapter }).$extends(invalidationExtension(rules));
}

export type Prisma = ReturnType<typeof createPrisma>;

/** What `getAllProperties` and its like need: the client itself, or the one inside a transaction. */
export type Reader = Pick<Prisma, 'property' | '$queryRawUnsafe'>;
