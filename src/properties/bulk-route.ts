import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { NDJSON, ndjsonBody } from '../plugins/json-body.ts';
import { problemResponses } from '../problem-schema.ts';
import { addProperties } from './add-properties.ts';
import { PropertyInputSchema, PropertyListSchema } from './schemas.ts';

const MAX_BULK = 10_000;

/** The largest body of a bulk: 1.6 KB a listing, if there are so many. Bytes. */
const BODY_LIMIT = 16 * 1024 * 1024;

const BulkSchema = Type.Array(PropertyInputSchema, {
  minItems: 1,
  maxItems: MAX_BULK,
  description: `a list of 1 to ${MAX_BULK} listings`,
});

/** `POST /properties/bulk/`: many listings in one transaction, all of them or none. */
export const bulkRoute: FastifyPluginAsyncTypebox = async (app) => {
  await ndjsonBody(app);

  app.post(
    '/properties/bulk/',
    {
      onRequest: app.requireWriteKey,
      bodyLimit: BODY_LIMIT,
      preValidation: async (request) => {
        request.body = listIn(request.body) as typeof request.body;
      },
      schema: {
        tags: ['properties'],
        security: [{ writeKey: [] }],
        summary: 'Add many listings in one transaction, all of them or none',
        description: `A list, {"properties": list}, or a listing a line as ${NDJSON[0]}. A field of a listing that is wrong is named with its index, from 0: 3.price`,
        consumes: ['application/json', ...NDJSON],
        body: BulkSchema,
        response: { 201: PropertyListSchema, ...problemResponses(400, 401, 413, 415, 429, 503) },
      },
    },
    async ({ body }, reply) => {
      const properties = await addProperties(app.prisma, body);
      reply.code(201).type('application/json; charset=utf-8');
      return reply.send(`{"properties":${properties}}` as never); // Of the schema's shape, but JSON already.
    },
  );
};

/** Listings in the shape in which `GET /properties/` answers them are a list too. */
function listIn(body: unknown): unknown {
  const { properties, ...others } = Object(body);
  return Array.isArray(properties) && Object.keys(others).length === 0 ? properties : body;
}
