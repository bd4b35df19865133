import type { Caches } from '../../cache/index.ts';
import { MAX_VALUE_BYTES } from '../../cache/index.ts';
import type { Reader } from '../../coherence/index.ts';
import { inTransaction } from '../../coherence/index.ts';
import { shapeOf } from '../../platform/index.ts';
import { listProperties } from './find-properties.ts';
import { EVERY_PROPERTY } from './lists/list-query.ts';
import { PropertySchema } from './schemas.ts';
import { PROPERTIES } from './tags.ts';

/** The data layer's key, with the shape of what stands under it: two releases with different ones can run at once. */
const ALL_PROPERTIES = `all_properties:${shapeOf(PropertySchema)}`;

export interface GetAllPropertiesOptions {
  readonly prisma: Reader;
  readonly caches: Pick<Caches, 'data'>;
  /** Seconds for which the list is kept. */
  readonly ttl: number;
}

/**
 * Every property, ordered by id, as the bytes of a JSON array, through the data layer; undefined if they are too many to
 * keep. Bytes, because they are sent on as they are: of 10,000 rows as objects this process would make text for a tenth of
 * a second in which it can do nothing else. Inside a transaction it bypasses the cache, and keeps nothing.
 */
export async function getAllProperties(options: GetAllPropertiesOptions): Promise<Buffer | undefined> {
  const { prisma, caches, ttl } = options;
  const load = () => listProperties(prisma, EVERY_PROPERTY, MAX_VALUE_BYTES);
  if (inTransaction()) return load();
  const value = await caches.data.get(ALL_PROPERTIES, { tags: [PROPERTIES], ttl }, async () => {
    const body = await load();
    return body && { head: {}, body };
  });
  return value?.body;
}
