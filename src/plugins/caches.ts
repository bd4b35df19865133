import fp from 'fastify-plugin';
import { type Caches, createCaches } from '../cache/index.ts';
import { MemoryStore } from '../cache/memory-store.ts';
import { RedisStore } from '../cache/redis-store.ts';
import { EVERYTHING } from '../properties/tags.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The page layer and the data layer, over Redis or this process's memory. */
    caches: Caches;
  }
}

const BYTES_PER_MB = 1024 * 1024;

export const caches = fp(
  async (app) => {
    const { CACHE_LOCAL_MAX_MB, STALE_IF_ERROR } = app.config;
    const store = app.redis ? new RedisStore(app.redis) : new MemoryStore(CACHE_LOCAL_MAX_MB * BYTES_PER_MB);
    const layers = createCaches({ store, staleIfError: STALE_IF_ERROR });
    layers.events.on('failure', (during, error) => {
      const details = { during, reason: Object(error).message };
      if (during === 'invalidation') app.log.error(details, INVALIDATION_FAILED);
      else app.log.debug(details, 'cache bypassed');
    });
    // A Redis that comes back may have been restored with old entries and the tokens that fit them.
    app.redis?.on('error', () => layers.distrust('redis'));
    app.redis?.on('ready', () => void layers.trust('redis', EVERYTHING));
    app.decorate('caches', layers);
    app.addHook('onClose', () => layers.close());
  },
  { name: 'caches', dependencies: ['config', 'redis'], fastify: '5.x' },
);

const INVALIDATION_FAILED = 'an invalidation failed: retrying it, and bypassing the cache until it succeeds';
