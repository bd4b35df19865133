import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { refTo } from '../../http/index.ts';
import { CacheMetricsSchema, cacheMetrics } from './cache-metrics.ts';

/** `GET /properties/cache-metrics/`, which is never a page. */
export const cacheMetricsRoute: FastifyPluginAsyncTypebox = async (app) => {
  app.addSchema(CacheMetricsSchema);
  app.get(
    '/properties/cache-metrics/',
    {
      schema: {
        tags: ['properties'],
        operationId: 'getCacheMetrics',
        summary: 'Hits and misses: of Redis first, then of each layer of this process',
        response: { 200: refTo(CacheMetricsSchema) },
      },
    },
    async (_, reply) => {
      reply.header('cache-control', 'no-store');
      return cacheMetrics(app.caches);
    },
  );
};
