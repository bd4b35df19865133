import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { DeadlineExceeded, withDeadline } from '../platform/index.ts';
import { named, refTo } from './shared-schema.ts';

/** How long a dependency may take to answer. Milliseconds. */
const PROBE_MS = 1_000;

const LiveSchema = named('Liveness', Type.Object({ status: Type.Literal('up') }));

const ReadySchema = named(
  'Readiness',
  Type.Object({
    status: Type.Union([Type.Literal('ready'), Type.Literal('unavailable'), Type.Literal('stopping')]),
    dependencies: Type.Object({
      postgresql: Type.Union([Type.Literal('up'), Type.Literal('down')]),
      redis: Type.Union([Type.Literal('up'), Type.Literal('down'), Type.Literal('not configured')]),
    }),
  }),
);

/**
 * `live`: the process answers; it asks no dependency. `ready`: able to serve, which takes PostgreSQL; without
 * Redis answers are slower, not absent. Of Redis it says what the cache knows, which asks four times a second. Before it
 * ends it is not ready, and still answers everything for a while.
 */
export const health: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['health'];
  app.addSchema(LiveSchema);
  app.addSchema(ReadySchema);
  app.addHook('onSend', async (_, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.get(
    '/health/live',
    {
      schema: {
        tags,
        operationId: 'getLiveness',
        summary: 'The process is up',
        response: { 200: refTo(LiveSchema) },
      },
    },
    () => ({
      status: 'up' as const,
    }),
  );

  app.get(
    '/health/ready',
    {
      schema: {
        tags,
        operationId: 'getReadiness',
        summary: 'The service is able to answer; each dependency named',
        response: { 200: refTo(ReadySchema), 503: refTo(ReadySchema) },
      },
    },
    async (_, reply) => {
      const { caches, changes, prisma, times } = app;
      const answer = await probe(prisma.$queryRaw`SELECT 1`, times.probeMs);
      // A busy pool delays the query although PostgreSQL is there: then the listener's connection decides.
      const isUp = answer === 'up' || (answer === 'late' && changes.alive);
      const postgresql = upOrDown(isUp);
      const redis = caches.shared ? upOrDown(caches.shared.up) : 'not configured';
      const status = app.drain.isUnready ? 'stopping' : postgresql === 'up' ? 'ready' : 'unavailable';
      reply.code(status === 'ready' ? 200 : 503);
      return { status, dependencies: { postgresql, redis } } as const;
    },
  );
};

async function probe(query: Promise<unknown>, milliseconds = PROBE_MS): Promise<'up' | 'down' | 'late'> {
  try {
    await withDeadline(query, milliseconds);
    return 'up';
  } catch (error) {
    return error instanceof DeadlineExceeded ? 'late' : 'down';
  }
}

const upOrDown = (isUp: boolean) => (isUp ? 'up' : 'down');
