import caching from '@fastify/caching';
import Fastify, { type FastifyInstance } from 'fastify';
import { CONNECTION_LIMITS, type ConnectionLimits, endStalled, serverOptions } from './connection-limits.ts';
import { dashboard } from './dashboard/dashboard.ts';
import { isDatabaseSlow } from './database/failures.ts';
import { abandonedRequests } from './plugins/abandoned-requests.ts';
import { caches } from './plugins/caches.ts';
import { config } from './plugins/config.ts';
import { dataSource } from './plugins/data-source.ts';
import { database } from './plugins/database.ts';
import { health } from './plugins/health.ts';
import { jsonBody } from './plugins/json-body.ts';
import { lastAnswers } from './plugins/last-answers.ts';
import { methodNotAllowed } from './plugins/method-not-allowed.ts';
import { type MetricsOptions, metrics } from './plugins/metrics.ts';
import { openapi } from './plugins/openapi.ts';
import { overload } from './plugins/overload/index.ts';
import { pageCache } from './plugins/page-cache/index.ts';
import { problems, refuseGarbage, refuseRequest } from './plugins/problems.ts';
import { redis } from './plugins/redis.ts';
import { securityHeaders } from './plugins/security-headers.ts';
import { writeKey } from './plugins/write-key.ts';
import { writeLimit } from './plugins/write-limit/index.ts';
import { bulkRoute } from './properties/bulk-route.ts';
import { listRoutes } from './properties/list-routes.ts';
import { propertyRoutes } from './properties/routes.ts';
import { validation } from './properties/validation.ts';
import { newRequestId } from './request-id.ts';
import { LOG_BASE, type LogOutput, logEarlyHits, REDACTED, RequestLog } from './request-log.ts';

export interface AppOptions {
  /** What to configure from; `src/config.ts` names the variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the embedded database is kept while `DATABASE_URL` is unset. */
  readonly dataDirectory: string;
  /** Where log lines go; unless given, nowhere. */
  readonly log?: LogOutput;
  /** Makes what `/metrics` answers of this process's own figures, where there are others'. */
  readonly gatherMetrics?: MetricsOptions['gather'];
  /** What connections may take, where that is not what it should be. */
  readonly limits?: Partial<ConnectionLimits>;
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
  limits,
  gatherMetrics,
}: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: log ? { stream: log, base: LOG_BASE, redact: REDACTED } : false,
    logController: new RequestLog(),
    genReqId: newRequestId,
    bodyLimit: BODY_LIMIT,
    return503OnClosing: false,
    clientErrorHandler: refuseGarbage,
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: refuseRequest,
    ajv: validation,
    ...serverOptions({ ...CONNECTION_LIMITS, ...limits }),
  });
  endStalled(app.server);
  try {
    await app.register(config, { env });

    await app.register(lastAnswers);
    await app.register(securityHeaders);
    await app.register(problems);
    await app.register(jsonBody);
    await app.register(caching, { privacy: caching.privacy.NOCACHE });

    await app.register(redis);
    await app.register(caches);
    await app.register(dataSource, { dataDirectory });
    await app.register(database);

    await app.register(methodNotAllowed);
    await app.register(openapi);
    await app.register(writeKey, { keys: app.dataSource.writeKeys });
    await app.register(writeLimit);
    await app.register(overload, { waitingQueries: () => app.pool.waitingCount });
    await app.register(metrics, { gather: gatherMetrics });
    await app.register(abandonedRequests);
    const logEarlyHit = logEarlyHits(log, app.config.LOG_LEVEL);
    await app.register(pageCache, {
      caches: app.caches,
      mustBeFresh: (error) => app.changes.alive && isDatabaseSlow(error),
      answeredEarly: (hit, elapsed, id) => {
        app.requestDurations.add(hit.route, hit.method, hit.status, elapsed);
        logEarlyHit(hit, elapsed, id);
      },
      newRequestId,
      unsafeMethods: 'ignore', // Whatever writes does so through Prisma, whose extension knows better what it touched.
    });
    await app.register(listRoutes);
    await app.register(propertyRoutes);
    await app.register(bulkRoute);
    await app.register(health);
    await app.register(dashboard);
    app.refuseOtherMethods();

    return await app;
  } catch (error) {
    await app.close();
    throw error;
  }
}
