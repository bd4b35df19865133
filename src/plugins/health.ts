import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { DeadlineExceeded, withDeadline } from '../cache/deadline.ts';

/** What one dependency may take to answer. Milliseconds. */
const PROBE_MS = 1_000;

const LiveSchema = Type.Object({ status: Type.Literal('up') });

const ReadySchema = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('unavailable'), Type.Literal('stopping')]),
  dependencies: Type.Object({
    postgresql: Type.Union([Type.Literal('up'), Type.Literal('down')]),
    redis: Type.Union([Type.Literal('up'), Type.Literal('down'), Type.Literal('not configured')]),
  }),
});

/**
 * `live`: the process answers; it asks no dependency. `ready`: able to serve, which takes PostgreSQL; without
 * Redis answers are slower, not absent. Before it ends it is not ready, and still answers everything for a while.
 */
export const health: FastifyPluginAsyncTypebox = async (app) => {
  const tags = ['health'];
  app.addHook('onSend', async (_, reply) => {
    reply.header('cache-control', 'no-store');
  });

  app.get(
    '/health/live',
    { schema: { tags, summary: 'The process is up', response: { 200: LiveSchema } } },
    () => ({
      status: 'up' as const,
    }),
  );

  app.get(
    '/health/ready',
    {
      schema: {
        tags,
        summary: 'The service is able to answer; each dependency named',
        response: { 200: ReadySchema, 503: ReadySchema },
      },
    },
    async (_, reply) => {
      const { changes, redis, prisma } = app;
      const [asked, redisState] = await Promise.all([
        probe(prisma.$queryRaw`SELECT 1`),
        redis ? probe(redis.ping()) : ('not configured' as const),
      ]);
      // Who has no connection free for this question may be there all the same: the one that listens says so.
      const postgresql = asked === 'late' && changes.alive ? 'up' : upOrDown(asked);
      const status = app.lastAnswers.isUnready ? 'stopping' : postgresql === 'up' ? 'ready' : 'unavailable';
      reply.code(status === 'ready' ? 200 : 503);
      return { status, dependencies: { postgresql, redis: upOrDown(redisState) } } as const;
    },
  );
};

async function probe(question: Promise<unknown>): Promise<'up' | 'down' | 'late'> {
  try {
    await withDeadline(question, PROBE_MS);
    return 'up';
  } catch (error) {
    return error instanceof DeadlineExceeded ? 'late' : 'down';
  }
}

const upOrDown = <T>(answer: T | 'late') => (answer === 'late' ? 'down' : answer);
