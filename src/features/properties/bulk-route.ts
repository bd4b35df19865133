import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { PreconditionFailed } from '../../errors.ts';
import { NDJSON, ndjsonBody, problemResponses, refTo, sendJson } from '../../http/index.ts';
import { fieldsOf } from '../../platform/index.ts';
import { addProperties } from './add-properties.ts';
import { BulkListingSchema, EXAMPLE, PropertyListSchema } from './schemas.ts';

const MAX_BULK = 10_000;

/** The largest body of a bulk: 1.6 KB a listing, if there are so many. Bytes. */
const BODY_LIMIT = 16 * 1024 * 1024;

const BulkSchema = Type.Array(refTo(BulkListingSchema), {
  minItems: 1,
  maxItems: MAX_BULK,
  examples: [[EXAMPLE, { ...EXAMPLE, title: 'Studio in Labone' }]],
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
        request.body = listIn(request.body) as typeof request.body; // Validated after this.
      },
      schema: {
        tags: ['properties'],
        security: [{ writeKey: [] }],
        operationId: 'addListings',
        summary: 'Add many listings in one transaction, all of them or none',
        description: `A list, or what \`GET /properties/\` answers ({"properties": list}, also with \`next\`), or a listing a line as ${NDJSON[0]}. Listings that were answered here are taken as they are: each is added as a new one, and its id and created_at are ignored. A field of a listing that is wrong is named with its index, from 0: 3.price`,
        consumes: ['application/json', ...NDJSON],
        body: BulkSchema,
        response: {
          201: refTo(PropertyListSchema),
          ...problemResponses(400, 401, 409, 412, 413, 415, 422, 429, 503),
        },
      },
    },
    async ({ headers, body }, reply) => {
      if (headers['if-match'] !== undefined) throw new PreconditionFailed(); // There is nothing here to read (RFC 9110 §13.1.1).
      const properties = await addProperties(app.prisma, body);
      return sendJson(reply.code(201), `{"properties":${properties}}`);
    },
  );
};

/** Listings in the shape in which `GET /properties/` answers them are a list too. */
function listIn(body: unknown): unknown {
  const { properties, next: _, ...others } = fieldsOf(body);
  return Array.isArray(properties) && Object.keys(others).length === 0 ? properties : body;
}
