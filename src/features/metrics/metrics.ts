import fp from 'fastify-plugin';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Type } from 'typebox';
import { registerCacheMetrics } from './cache-metrics.ts';
import { registerDependencyMetrics } from './dependency-metrics.ts';
import { registerOverloadMetrics } from './overload-metrics.ts';
import { registerPoolMetrics } from './pool-metrics.ts';
import { RequestDurations } from './request-durations.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** How long requests took; a request that is answered without hooks has to be added by what answers it. */
    requestDurations: RequestDurations;
  }
}

/** The metrics of the process are the same for every application in it, and prom-client cannot stop collecting them. */
let ofProcess: Registry | undefined;

function processMetrics(): Registry {
  if (ofProcess) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return ofProcess;
}

export interface MetricsOptions {
  /** Makes the response from the metrics of this process; unless given, they are the response. */
  readonly gather?: ((own: () => Promise<string>) => () => Promise<string>) | undefined;
}

/** `GET /metrics`, in the text format of Prometheus. Every label has few values, whatever clients send. */
export const metrics = fp<MetricsOptions>(
  async (app, { gather = (own) => own }) => {
    const registry = new Registry();
    const durations = new RequestDurations();
    registerCacheMetrics(registry, app.caches);
    registerPoolMetrics(registry, app.pool);
    registerDependencyMetrics(registry, app);
    registerOverloadMetrics(registry, app.overload);
    const all = Registry.merge([processMetrics(), registry]);

    app.decorate('requestDurations', durations);
    app.addHook('onResponse', function countTheRequest(request, reply, done) {
      durations.add(request.routeOptions.url, request.method, reply.statusCode, reply.elapsedTime);
      done();
    });
    const text = gather(async () => `${await all.metrics()}\n${durations.text}`);
    const schema = {
      tags: ['operation'],
      operationId: 'getMetrics',
      summary: 'Figures in the text format of Prometheus',
      response: { 200: { content: { 'text/plain': { schema: Type.String() } } } },
    };
    app.get('/metrics', { schema }, async (_, reply) => {
      reply.header('cache-control', 'no-store').type(all.contentType);
      return text();
    });
  },
  { name: 'metrics', dependencies: ['caches', 'database', 'overload'], fastify: '5.x' },
);
