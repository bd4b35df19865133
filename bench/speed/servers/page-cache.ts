import Fastify from 'fastify';
import { caches } from '../../../src/plugins/caches.ts';
import { config } from '../../../src/plugins/config.ts';
import { pageCache } from '../../../src/plugins/page-cache/index.ts';
import { redis } from '../../../src/plugins/redis.ts';
import { listen, redisUrl } from './given.ts';
import { prismaRoute } from './prisma-route.ts';

/** The same list with the page layer over Redis and this process's memory, as in the service. */

const app = Fastify();
await app.register(config, { env: { REDIS_URL: redisUrl(), STALE_IF_ERROR: '0' } });
await app.register(redis);
await app.register(caches);
await app.register(pageCache, { caches: app.caches, mustBeFresh: () => false });
prismaRoute(app);
await listen(app);
