import fp from 'fastify-plugin';
import { createClient, type RedisClientOptions, type RedisClientType } from 'redis';
import { withDeadline } from '../cache/deadline.ts';
import { ConfigurationError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The node-redis client; absent without `REDIS_URL`. */
    redis?: RedisClientType;
  }
}

/** What a start waits for Redis before it goes on without. Milliseconds. */
const CONNECT_MS = 1_000;

/** The longest pause between two attempts to reconnect. Milliseconds. */
const MAX_PAUSE_MS = 500;

/** Between two signs of life, and how long none may come before the connection counts as lost. Milliseconds. */
const PING_MS = 500;
const SILENCE_MS = 2_000;

/**
 * Decorates `app.redis`. Commands fail at once while it is disconnected (nothing queues up behind a dead
 * cache), and it reconnects by itself for ever.
 */
export const redis = fp(
  async (app) => {
    const url = app.config.REDIS_URL;
    if (!url) return;
    const client = open({
      url,
      disableOfflineQueue: true,
      pingInterval: PING_MS,
      socket: {
        connectTimeout: CONNECT_MS,
        socketTimeout: SILENCE_MS,
        reconnectStrategy: (retries) => Math.min(25 * 2 ** retries, MAX_PAUSE_MS),
      },
    });
    logTransitions(client, app.log);
    app.decorate('redis', client);
    app.addHook('onClose', async () => client.destroy());
    await withDeadline(client.connect(), CONNECT_MS).catch(() => {});
  },
  { name: 'redis', dependencies: ['config'], fastify: '5.x' },
);

function open(options: RedisClientOptions): RedisClientType {
  try {
    return createClient(options);
  } catch (error) {
    throw new ConfigurationError(`REDIS_URL cannot be used (${Object(error).message})`);
  }
}

/** One line when the connection is lost and one when it is back, however many attempts lie between. */
function logTransitions(
  client: RedisClientType,
  log: { info(text: string): void; warn(details: object, text: string): void },
) {
  let lost = false;
  client.on('ready', () => {
    lost = false;
    log.info('Redis is connected');
  });
  client.on('error', (error: Error) => {
    if (!lost)
      log.warn({ reason: error.message }, 'Redis does not answer: reading from PostgreSQL until it does');
    lost = true;
  });
}
