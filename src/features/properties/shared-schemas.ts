import fp from 'fastify-plugin';
import { SHARED_SCHEMAS } from './schemas.ts';

/** The schemas that the routes of listings refer to, for all of them. */
export const propertySchemas = fp(
  async (app) => {
    for (const schema of SHARED_SCHEMAS) app.addSchema(schema);
  },
  { name: 'property-schemas', fastify: '5.x' },
);
