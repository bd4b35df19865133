import { PrismaPg } from '@prisma/adapter-pg';
import { connectionTo, openPool, type Pool } from '../database/index.ts';
import { PrismaClient } from '../generated/prisma/client.ts';
import { type InvalidationRules, invalidationExtension } from './extension.ts';

export interface PrismaOptions extends InvalidationRules {
  readonly url: string;
  /** Unless given, one of its own. */
  readonly pool?: Pool;
  /** Called when an idle connection of the pool was lost. */
  onConnectionLost(error: Error): void;
}

/** The client of this service: Prisma over pg, with invalidation built in. The caller disconnects it. */
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
