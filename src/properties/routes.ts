import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { isNotFound } from '../database/failures.ts';
import { PropertyNotFound } from '../errors.ts';
import { problemResponses } from '../problem-schema.ts';
import { CacheMetricsSchema, cacheMetrics } from './cache-metrics.ts';
import { getAllProperties } from './get-all-properties.ts';
import { toProperty } from './property.ts';
import {
  isPropertyId,
  PropertyInputSchema,
  PropertyListSchema,
  PropertyParamsSchema,
  PropertyPatchSchema,
  PropertySchema,
} from './schemas.ts';
import { PROPERTIES, tagsOfProperty } from './tags.ts';

const tags = ['properties'];
const security = [{ writeKey: [] }];

/** The routes under `/properties`. Both `GET`s of listings are pages; the metrics never are. */
export const propertyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { prisma, caches, config } = app;
  const ttl = config.PAGE_CACHE_TTL;
  const write = { onRequest: app.requireWriteKey };

  app.get(
    '/properties/',
    {
      config: { pageCache: { ttl, tags: [PROPERTIES] } },
      schema: {
        tags,
        summary: 'Every listing, ordered by id',
        response: { 200: PropertyListSchema, ...problemResponses(503) },
      },
    },
    async () => ({ properties: await getAllProperties({ prisma, caches, ttl: config.DATA_CACHE_TTL }) }),
  );

  app.get(
    '/properties/:id/',
    {
      config: { pageCache: { ttl, tags: tagsOfPage } },
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
        response: { 201: PropertySchema, ...problemResponses(400, 401, 413, 415, 503) },
      },
    },
    async ({ body }, reply) => {
      const property = toProperty(await prisma.property.create({ data: body }));
      return reply.code(201).header('location', `/properties/${property.id}/`).send(property);
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
        body,
        response: { 200: PropertySchema, ...problemResponses(400, 401, 404, 413, 415, 503) },
      },
      handler: async ({ params, body: data }) => {
        const id = Number(params.id);
        return toProperty(await prisma.property.update({ where: { id }, data }).catch(notFound(id)));
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
        response: { 204: Type.Null(), ...problemResponses(400, 401, 404, 503) },
      },
    },
    async ({ params }, reply) => {
      const id = Number(params.id);
      await prisma.property.delete({ where: { id } }).catch(notFound(id));
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

function tagsOfPage(params: unknown): readonly string[] | undefined {
  const id: unknown = Object(params).id;
  return typeof id === 'string' && isPropertyId(id) ? tagsOfProperty(Number(id)) : undefined;
}

/** Turns Prisma's "no such row" into ours. */
function notFound(id: number) {
  return (error: unknown): never => {
    throw isNotFound(error) ? new PropertyNotFound(id) : error;
  };
}
