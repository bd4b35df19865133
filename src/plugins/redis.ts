import fp from 'fastify-plugin';
import {
  isReply,
  openRedis,
  type RedisClient,
  type RedisConnection,
  type RedisOptions,
  RedisWatch,
  RefusalWatch,
} from '../cache/index.ts';
import { ConfigurationError } from '../errors.ts';
import { messageOf, takeStep, tlsAdvice, withDeadline } from '../platform/index.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The node-redis client: of one server, a Cluster or Sentinel. Absent without `REDIS_URL`. */
    redis?: RedisClient;
    redisConnection?: RedisConnection;
    /** Whether it answers, and how much it holds: what `/health/ready`, `/metrics` and the dashboard say of it. */
    redisWatch?: RedisWatch;
    /** What it refuses while it answers. */
    redisRefusals?: RefusalWatch;
  }
}

/** How long a start waits for Redis before it goes on without it. Milliseconds. */
const CONNECT_MS = 1_000;

const NO_LOCAL_TIER = 'CACHE_LOCAL needs one server of Redis to follow: every hit is a round trip';

/** Decorates `app.redis`. It reconnects by itself for ever; `caches` is notified of every loss. */
export const redis = fp(
  async (app) => {
    const { REDIS_URL: url, CACHE_LOCAL, CACHE_NAMESPACE: namespace } = app.config;
    if (!url) return;
    const { redisSilenceMs: silenceMs, redisStartMs = CONNECT_MS } = app.times;
    const connection = open(url, { namespace, track: CACHE_LOCAL === 'on', silenceMs });
    const refusals = watchRefusals(connection, app.log);
    logTransitions(connection, app.log);
    if (CACHE_LOCAL === 'on' && !connection.tracking) app.log.info(NO_LOCAL_TIER);
    app.decorate('redis', { getter: () => connection.client });
    app.decorate('redisConnection', connection);
    const watch = new RedisWatch(connection);
    app.decorate('redisWatch', watch);
    app.decorate('redisRefusals', refusals);
    app.addHook('onClose', async () => {
      refusals.close();
      connection.close();
    });
    const step = { step: 'Redis', waitsFor: 'Redis to connect' };
    await takeStep(app.log, step, () => withDeadline(connection.connect(), redisStartMs).catch(() => {}));
  },
  { name: 'redis', dependencies: ['config'], fastify: '5.x' },
);

function open(url: string, options: RedisOptions): RedisConnection {
  try {
    return openRedis(url, options);
  } catch (error) {
    throw new ConfigurationError(`REDIS_URL cannot be used (${messageOf(error)})`);
  }
}

interface Log {
  info(text: string): void;
  warn(details: object, text: string): void;
}

/**
 * One line when the connection is lost and one when it is back, however many attempts lie between. A server that
 * answers every command with an error is lost as well: the line has its reason.
 */
function logTransitions({ events }: RedisConnection, log: Log): void {
  let lost = false;
  events.on('ready', () => {
    log.info(lost ? 'Redis answers again' : 'Redis is connected');
    lost = false;
  });
  events.on('lost', (error) => {
    const reason = [error.message, tlsAdvice(error) ?? []].flat().join(': ');
    const what = isReply(error) ? 'Redis refuses to serve' : 'Redis does not answer';
    if (!lost) log.warn({ reason }, `${what}: reading from PostgreSQL until it does`);
    lost = true;
  });
}

/** One line when Redis begins to refuse something, or something else, and one when it refuses nothing any more. */
function watchRefusals(connection: RedisConnection, log: Log): RefusalWatch {
  const watch = new RefusalWatch(connection, (refused) => {
    if (refused.length === 0) log.info('Redis allows all that the cache asks again');
    else log.warn({ refused }, 'Redis does not allow all that the cache asks: going without');
  });
  connection.events.on('ready', () => watch.look());
  return watch;
}
