import type { FastifyInstance } from 'fastify';
import { createPrisma } from '../../../src/coherence/client.ts';
import { toProperty } from '../../../src/features/properties/property.ts';
import { PropertyListSchema } from '../../../src/features/properties/schemas.ts';
import { propertySchemas } from '../../../src/features/properties/shared-schemas.ts';
import { EVERYTHING, tagsOf } from '../../../src/features/properties/tags.ts';
import { databaseUrl } from './given.ts';

/** The TTL of a page that is not requested again, which Redis is not to keep for long. Seconds. */
const TTL = 5;

/** The list from PostgreSQL, a page of its own for every `n`; without the plugin its `config` means nothing. */
export function prismaRoute(app: FastifyInstance): void {
  const prisma = createPrisma({
    url: databaseUrl(),
    tagsOf: { Property: tagsOf },
    everything: EVERYTHING,
    invalidate: async () => {},
    onConnectionLost() {},
  });
  app.register(propertySchemas);
  app.get(
    '/rows/',
    {
      config: { pageCache: { ttl: TTL, tags: ['rows'] } },
      schema: {
        querystring: { type: 'object', properties: { n: { type: 'string' } } },
        response: { 200: PropertyListSchema },
      },
    },
    async () => {
      const rows = await prisma.property.findMany({ orderBy: { id: 'asc' } });
      return { properties: rows.map(toProperty) };
    },
  );
}
