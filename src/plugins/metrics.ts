import fp from 'fastify-plugin';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { registerCacheFigures } from '../metrics/cache-figures.ts';
import { registerDependencyFigures } from '../metrics/dependency-figures.ts';
import { registerOverloadFigures } from '../metrics/overload-figures.ts';
import { registerPoolFigures } from '../metrics/pool-figures.ts';
import { RequestDurations } from '../metrics/request-durations.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** How long requests took; whoever answers one past every hook adds it. */
    requestDurations: RequestDurations;
  }
}

/** Figures of the process are the same for every application in it, and prom-client cannot stop measuring them. */
let ofProcess: Registry | undefined;

function processFigures(): Registry {
  if (ofProcess) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return ofProcess;
}

export interface MetricsOptions {
  /** Makes what is answered of this process's own figures; unless given, it is them. */
  readonly gather?: ((own: () => Promise<string>) => () => Promise<string>) | undefined;
}

/** `GET /metrics`, in the text format of Prometheus. Every label has few values, whatever clients send. */
export const metrics = fp<MetricsOptions>(
  async (app, { gather = (own) => own }) => {
    const registry = new Registry();
    const durations = new RequestDurations();
    registerCacheFigures(registry, app.caches);
    registerPoolFigures(registry, app.pool);
    registerDependencyFigures(registry, app);
    registerOverloadFigures(registry, app.overload);
    const all = Registry.merge([processFigures(), registry]);

    app.decorate('requestDurations', durations);
    app.addHook('onResponse', function countTheRequest(request, reply, done) {
      durations.add(request.routeOptions.url, request.method, reply.statusCode, reply.elapsedTime);
      done();
    });
    const text = gather(async () => `${await all.metrics()}\n${durations.text}`);
    app.get('/metrics', { schema: { hide: true } }, async (_, reply) => {
      reply.header('cache-control', 'no-store').type(all.contentType);
      return text();
    });
  },
  { name: 'metrics', dependencies: ['caches', 'database', 'overload'], fastify: '5.x' },
);
