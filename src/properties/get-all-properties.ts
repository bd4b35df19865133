import type { Caches } from '../cache/index.ts';
import { inTransaction } from '../database/after-commit.ts';
import type { Reader } from '../database/prisma.ts';
import { toProperty } from './property.ts';
import type { Property } from './schemas.ts';
import { PROPERTIES } from './tags.ts';

/** The data layer's key; in Redis it stands under `property-listings:data:all_properties`. */
const ALL_PROPERTIES = 'all_properties';

export interface GetAllPropertiesOptions {
  readonly prisma: Reader;
  readonly caches: Pick<Caches, 'data'>;
  /** Seconds for which the list is kept. */
  readonly ttl: number;
}

/**
 * Every property, ordered by id, through the data layer. Inside a transaction it reads past the cache, and
 * nothing of what it sees is kept.
 */
export async function getAllProperties(options: GetAllPropertiesOptions): Promise<Property[]> {
  const { prisma, caches, ttl } = options;
  if (inTransaction()) return loadAllProperties(prisma);
  let loaded: Property[] | undefined;
  const { body } = await caches.data.get(ALL_PROPERTIES, { tags: [PROPERTIES], ttl }, async () => {
    loaded = await loadAllProperties(prisma);
    return { head: {}, body: Buffer.from(JSON.stringify(loaded)) };
  });
  return loaded ?? JSON.parse(body.toString());
}

async function loadAllProperties(prisma: Reader): Promise<Property[]> {
  const rows = await prisma.property.findMany({ orderBy: { id: 'asc' } });
  return rows.map(toProperty);
}
