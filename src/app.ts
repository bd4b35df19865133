import caching from '@fastify/caching';
import Fastify, { type FastifyInstance } from 'fastify';
import { loadConfig } from './config.ts';
import { isDatabaseSlow } from './database/index.ts';
import { cacheMetricsRoute } from './features/cache-metrics/index.ts';
import { dashboard } from './features/dashboard/index.ts';
import { type MetricsOptions, metrics } from './features/metrics/index.ts';
import {
  addSampleListings,
  bulkRoute,
  listings,
  listRoutes,
  propertyRoutes,
  propertySchemas,
  validation,
} from './features/properties/index.ts';
import {
  abandonedRequests,
  CONNECTION_LIMITS,
  type ConnectionLimits,
  drain,
  endStalled,
  Front,
  health,
  ifMatch,
  jsonBody,
  type LogOutput,
  logFastPathHits,
  logOptions,
  newRequestId,
  noRoute,
  openapi,
  overload,
  problems,
  RequestLog,
  refuseGarbage,
  refuseRequest,
  requestHead,
  securityHeaders,
  serverOptions,
  writeKey,
  writeLimit,
} from './http/index.ts';
import { type PageCacheOptions, pageCache } from './http-cache/index.ts';
import type { Times } from './platform/index.ts';
import { caches } from './plugins/caches.ts';
import { config } from './plugins/config.ts';
import { dataSource } from './plugins/data-source.ts';
import { database } from './plugins/database.ts';
import { redis } from './plugins/redis.ts';

export interface AppOptions {
  /** The environment variables that configure the service; `src/config.ts` names them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the embedded database is kept while `DATABASE_URL` is unset. */
  readonly dataDirectory: string;
  /** Where log lines go; without it there are none. */
  readonly log?: LogOutput;
  /** Ends a start that waits for PostgreSQL: `buildApp` rejects with its reason, and leaves nothing behind. */
  readonly stop?: AbortSignal;
  /** Whether the fast path is on; unless given, it is. */
  readonly fastPath?: boolean;
  /** Makes the response of `/metrics` from the metrics of this process, where several processes answer at one address. */
  readonly gatherMetrics?: MetricsOptions['gather'];
  /** The limits of connections, for tests. */
  readonly limits?: Partial<ConnectionLimits>;
  /** How long the service waits for its dependencies, for tests. */
  readonly times?: Times;
}

/** The largest request body. Bytes. */
const BODY_LIMIT = 1024 * 1024;

/**
 * The whole service, ready to listen: a table of contents in the order in which it starts; it stops in the
 * reverse order. It never listens, exits or reads `process.env`.
 */
export async function buildApp({
  env,
  dataDirectory,
  log,
  stop,
  limits,
  times = {},
  fastPath = true,
  gatherMetrics,
}: AppOptions): Promise<FastifyInstance> {
  const settings = loadConfig(env);
  const connectionLimits = { ...CONNECTION_LIMITS, ...limits };
  const front = new Front(serverOptions(connectionLimits));
  endStalled(front.server, connectionLimits);
  const app = Fastify({
    serverFactory: front.serverFactory,
    trustProxy: settings.TRUST_PROXY ?? false,
    logger: log ? { stream: log, ...logOptions(settings.LOG_LEVEL) } : false,
    logController: new RequestLog(),
    genReqId: newRequestId,
    bodyLimit: BODY_LIMIT,
    pluginTimeout: 0, // Each wait of a plugin has a limit of its own, with a better message.
    return503OnClosing: false,
    clientErrorHandler: refuseGarbage,
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: refuseRequest,
    ajv: validation,
  });
  app.decorate('front', front);
  app.decorate('times', times);
  try {
    // The platform: settings, Redis, and where PostgreSQL is.
    await app.register(config, { config: settings });
    await app.register(redis);
    await app.register(dataSource, { dataDirectory, stop });

    // The cache, and the database whose changes invalidate it.
    await app.register(caches, { everything: listings.everything });
    await app.register(database, { rules: listings, addSamples: addSampleListings, stop });

    // HTTP: what every request passes, in this order.
    await app.register(drain);
    await app.register(securityHeaders);
    await app.register(requestHead);
    await app.register(problems);
    await app.register(noRoute);
    await app.register(ifMatch);
    await app.register(jsonBody);
    await app.register(caching, { privacy: caching.privacy.NOCACHE });
    await app.register(openapi);
    await app.register(writeKey, { keys: app.dataSource.writeKeys });
    await app.register(writeLimit);
    await app.register(overload, { waitingQueries: () => app.pool.waitingCount });
    await app.register(metrics, { gather: gatherMetrics });
    await app.register(abandonedRequests);
    await app.register(pageCache, { ...pageCacheOptions(app), ...(fastPath && fastPathOf(app, log)) });

    // Features: the routes.
    await app.register(propertySchemas);
    await app.register(listRoutes);
    await app.register(propertyRoutes);
    await app.register(bulkRoute);
    await app.register(cacheMetricsRoute);
    await app.register(health);
    await app.register(dashboard);

    return await app;
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** The page cache as this service uses it. */
function pageCacheOptions({ caches, changes }: FastifyInstance): PageCacheOptions {
  return {
    caches,
    mustBeFresh: (error) => changes.alive && isDatabaseSlow(error),
    unsafeMethods: 'ignore', // All writes go through Prisma, whose extension knows better what they touch.
  };
}

/** Hits on the fast path pass no hook, so they are counted and logged here. */
function fastPathOf(app: FastifyInstance, log: LogOutput | undefined): Pick<PageCacheOptions, 'fastPath'> {
  const { config, front, requestDurations } = app;
  const logHit = logFastPathHits(log, config.LOG_LEVEL);
  return {
    fastPath: {
      use: (stage) => front.use('fastPath', stage),
      answered: (hit, elapsed, id) => {
        requestDurations.add(hit.route, hit.method, hit.status, elapsed);
        logHit(hit, elapsed, id);
      },
      newRequestId,
    },
  };
}
