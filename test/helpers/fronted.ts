import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { Front } from '../../src/http/front.ts';

/** So long that a connection which should be ended is not ended by its time. Milliseconds. */
const IDLE_MS = 72_000;

/** An application with a front, for plugins that stand there. */
export function fronted(options: FastifyServerOptions = {}): FastifyInstance {
  const front = new Front({ keepAliveTimeout: IDLE_MS });
  const app: FastifyInstance = Fastify({ ...options, serverFactory: front.serverFactory });
  return app.decorate('front', front);
}
