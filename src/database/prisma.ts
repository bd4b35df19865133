import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/prisma/client.ts';
import { type InvalidationRules, invalidationExtension } from './invalidation-extension.ts';

/** What a request may wait for a connection to PostgreSQL. Milliseconds. */
const CONNECT_MS = 3_000;

export interface PrismaOptions extends InvalidationRules {
  readonly url: string;
  /** Told of a pooled connection that was lost while nobody used it. */
  onConnectionLost(error: Error): void;
}

/** The client of this service: Prisma over pg, with invalidation built in. The creator disconnects it. */
export function createPrisma({ url, onConnectionLost, ...rules }: PrismaOptions) {
  const schema = new URL(url).searchParams.get('schema');
  const adapter = new PrismaPg(
    { connectionString: url, connectionTimeoutMillis: CONNECT_MS },
    { onPoolError: onConnectionLost, ...(schema && { schema }) },
  );
  return new PrismaClient({ adapter }).$extends(invalidationExtension(rules));
}

export type Prisma = ReturnType<typeof createPrisma>;

/** What `getAllProperties` and its like need: the client itself, or the one inside a transaction. */
export type Reader = Pick<Prisma, 'property'>;
