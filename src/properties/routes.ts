import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { isNotFound } from '../database/failures.ts';
import type { Prisma } from '../database/prisma.ts';
import { PropertyChanged, PropertyNotFound } from '../errors.ts';
import { problemResponses } from '../problem-schema.ts';
import { CacheMetricsSchema, cacheMetrics } from './cache-metrics.ts';
import { etagOfProperty, isNamedBy } from './if-match.ts';
import { toProperty } from './property.ts';
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

/** What a write may say of the listing that it has read. */
const IfMatchSchema = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'the ETag of the listing as it was read: 412 if it has changed since' }),
  ),
});

/** The routes of one listing, and the metrics, which are never a page. */
export const propertyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { prisma, caches, config } = app;
  const write = { onRequest: app.requireWriteKey };

  app.get(
    '/properties/:id/',
    {
      config: { pageCache: { ttl: config.PAGE_CACHE_TTL, tags: tagsOfPage, compress: false } }, // Shorter than a packet.
      schema: {
        tags,
        summary: 'One listing',
        params: PropertyParamsSchema,
        response: { 200: PropertySchema, ...problemResponses(400, 404, 503) },
      },
    },
    async ({ params }) => {
      const id = Number(params.id);
      const row = await prisma.property.findUnique({ where: { id } });
      if (!row) throw new PropertyNotFound(id);
      return toProperty(row);
    },
  );

  app.post(
    '/properties/',
    {
      ...write,
      schema: {
        tags,
        security,
        summary: 'Add a listing',
        body: PropertyInputSchema,
        response: { 201: PropertySchema, ...problemResponses(400, 401, 413, 415, 429, 503) },
      },
    },
    async ({ body }, reply) => {
      const property = toProperty(await prisma.property.create({ data: body }));
      reply.code(201).headers({ location: `/properties/${property.id}/`, etag: etagOfProperty(property) });
      return property;
    },
  );

  for (const [method, summary, body] of [
    ['PUT', 'Replace a listing', PropertyInputSchema],
    ['PATCH', 'Change some fields of a listing', PropertyPatchSchema],
  ] as const) {
    app.route({
      method,
      url: '/properties/:id/',
      ...write,
      schema: {
        tags,
        security,
        summary,
        params: PropertyParamsSchema,
        headers: IfMatchSchema,
        body,
        response: { 200: PropertySchema, ...problemResponses(400, 401, 404, 412, 413, 415, 429, 503) },
      },
      handler: async (request, reply) => {
        const { where, refuse } = await rowToWrite(prisma, Number(request.params.id), request);
        const row = await prisma.property.update({ where, data: request.body }).catch(refuse);
        const property = toProperty(row);
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
        summary: 'Remove a listing',
        params: PropertyParamsSchema,
        headers: IfMatchSchema,
        response: { 204: Type.Null(), ...problemResponses(400, 401, 404, 412, 429, 503) },
      },
    },
    async (request, reply) => {
      const { where, refuse } = await rowToWrite(prisma, Number(request.params.id), request);
      await prisma.property.delete({ where }).catch(refuse);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/properties/cache-metrics/',
    {
      schema: {
        tags,
        summary: 'Hits and misses: of Redis first, then of each layer of this process',
        response: { 200: CacheMetricsSchema },
      },
    },
    async (_, reply) => {
      reply.header('cache-control', 'no-store');
      return cacheMetrics(caches);
    },
  );
};

function tagsOfPage({ params }: Pick<FastifyRequest, 'params'>): readonly string[] | undefined {
  const id: unknown = Object(params).id;
  return typeof id === 'string' && isPropertyId(id) ? tagsOfProperty(Number(id)) : undefined;
}

/**
 * The row that a request may write, and what it means that it was not there. With `If-Match` it is the row as the client
 * has read it, in every field: PostgreSQL decides, in the statement that writes, whether it still is, so of two
 * clients that read the same only one gets through (RFC 9110 §13.1.1).
 */
async function rowToWrite(prisma: Prisma, id: number, { headers }: Pick<FastifyRequest, 'headers'>) {
  const ifMatch = headers['if-match'];
  if (ifMatch === undefined || ifMatch.trim() === '*') {
    return { where: { id }, refuse: notFound(() => new PropertyNotFound(id)) };
  }
  const row = await prisma.property.findUnique({ where: { id } });
  if (!row) throw new PropertyNotFound(id);
  if (!isNamedBy(ifMatch, toProperty(row))) throw new PropertyChanged(id);
  return { where: row, refuse: notFound(() => new PropertyChanged(id)) };
}

/** Turns Prisma's "no such row" into ours. */
function notFound(problem: () => Error) {
  return (error: unknown): never => {
    throw isNotFound(error) ? problem() : error;
  };
}
