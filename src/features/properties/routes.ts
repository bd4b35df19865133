import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { CollectionPrecondition, PropertyNotAdded, PropertyNotFound } from '../../errors.ts';
import type { Property as Row } from '../../generated/prisma/client.ts';
import { problemResponses, refTo, withHeaders } from '../../http/index.ts';
import { fieldsOf } from '../../platform/index.ts';
import { COLUMNS, dataOf, unsentOf } from './columns.ts';
import { etagOfProperty, type Preconditions, writeProperty } from './preconditions.ts';
import { propertyOf, writtenProperty } from './property.ts';
import {
  isPropertyId,
  PropertyInputSchema,
  PropertyParamsSchema,
  PropertyPatchSchema,
  PropertySchema,
} from './schemas.ts';
import { tagsOfProperty } from './tags.ts';

const tags = ['properties'];
const security = [{ writeKey: [] }];

const ETAG = Type.String({ description: 'the validator of this version, for If-Match' });
const LOCATION = Type.String({ format: 'uri-reference', description: 'where the new listing is' });

/** What a write may say of the listing that it has read. */
const PreconditionsSchema = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'the ETag of the listing as it was read: 412 if it has changed since' }),
  ),
  'if-none-match': Type.Optional(
    Type.String({ description: 'an ETag that the listing must not have: 412 if it has; `*` stands for any' }),
  ),
});

/** The routes of one listing. */
export const propertyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { prisma, config } = app;
  const write = { onRequest: app.requireWriteKey };

  app.get(
    '/properties/:id/',
    {
      config: { pageCache: { ttl: config.PAGE_CACHE_TTL, tags: tagsOfPage, compress: false } }, // Shorter than a packet.
      schema: {
        tags,
        operationId: 'getListing',
        summary: 'One listing',
        params: PropertyParamsSchema,
        response: { 200: refTo(PropertySchema), ...problemResponses(400, 404, 412, 503) },
      },
    },
    async ({ params }) => {
      const id = Number(params.id);
      const row = await prisma.property.findUnique({ where: { id } });
      if (!row) throw new PropertyNotFound(id);
      return propertyOf(prisma, row);
    },
  );

  app.post(
    '/properties/',
    {
      ...write,
      schema: {
        tags,
        security,
        operationId: 'addListing',
        summary: 'Add a listing',
        body: refTo(PropertyInputSchema),
        response: {
          201: withHeaders(refTo(PropertySchema), { Location: LOCATION, ETag: ETAG }),
          ...problemResponses(400, 401, 409, 412, 413, 415, 422, 429, 503),
        },
      },
    },
    async ({ headers, body }, reply) => {
      refuseConditions(headers);
      const row: Row | null = await prisma.property.create({ data: dataOf(body) });
      if (!row) throw new PropertyNotAdded();
      const property = await writtenProperty(prisma, row);
      reply.code(201).headers({ location: `/properties/${property.id}/`, etag: etagOfProperty(property) });
      return property;
    },
  );

  for (const [method, operationId, summary, body, unsent] of [
    ['PUT', 'replaceListing', 'Replace a listing', refTo(PropertyInputSchema), unsentOf(COLUMNS)],
    ['PATCH', 'changeListing', 'Change some fields of a listing', refTo(PropertyPatchSchema), {}],
  ] as const) {
    app.route({
      method,
      url: '/properties/:id/',
      ...write,
      schema: {
        tags,
        security,
        operationId,
        summary,
        params: PropertyParamsSchema,
        headers: PreconditionsSchema,
        body,
        response: {
          200: withHeaders(refTo(PropertySchema), { ETag: ETAG }),
          ...problemResponses(400, 401, 404, 409, 412, 413, 415, 422, 429, 503),
        },
      },
      handler: async ({ params, headers, body }, reply) => {
        const data = dataOf({ ...unsent, ...body });
        const target = { id: Number(params.id), ...headers };
        const row = await writeProperty(prisma, target, (where) => prisma.property.update({ where, data }));
        const property = await writtenProperty(prisma, row);
        reply.header('etag', etagOfProperty(property));
        return property;
      },
    });
  }

  app.delete(
    '/properties/:id/',
    {
      ...write,
      schema: {
        tags,
        security,
        operationId: 'removeListing',
        summary: 'Remove a listing',
        params: PropertyParamsSchema,
        headers: PreconditionsSchema,
        response: { 204: Type.Null(), ...problemResponses(400, 401, 404, 409, 412, 429, 503) },
      },
    },
    async ({ params, headers }, reply) => {
      const target = { id: Number(params.id), ...headers };
      await writeProperty(prisma, target, (where) => prisma.property.delete({ where }));
      return reply.code(204).send(null);
    },
  );
};

function tagsOfPage({ params }: Pick<FastifyRequest, 'params'>): readonly string[] | undefined {
  const { id } = fieldsOf(params);
  return typeof id === 'string' && isPropertyId(id) ? tagsOfProperty(Number(id)) : undefined;
}

/**
 * Refuses preconditions on adding a listing, which would be about the list: that always exists, and has no version which the
 * INSERT could compare. So only `If-Match: *` holds (RFC 9110 §13.1).
 */
function refuseConditions(headers: Preconditions): void {
  const { 'if-match': ifMatch = '*', 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch.trim() !== '*' || ifNoneMatch !== undefined) throw new CollectionPrecondition();
}
