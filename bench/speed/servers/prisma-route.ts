import type { FastifyInstance } from 'fastify';
import { createPrisma } from '../../../src/database/prisma.ts';
import { toProperty } from '../../../src/properties/property.ts';
import { PropertyListSchema } from '../../../src/properties/schemas.ts';
import { tagsOf } from '../../../src/properties/tags.ts';
import { databaseUrl } from './given.ts';

/** A page nobody asks for again; Redis shall not keep it. Seconds. */
const TTL = 5;

/** The list from PostgreSQL, a page of its own for every `n`; without the plugin its `config` means nothing. */
export function prismaRoute(app: FastifyInstance): void {
  const prisma = createPrisma({
    url: databaseUrl(),
    tagsOf,
    invalidate: async () => {},
    onConnectionLost() {},
  });
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
