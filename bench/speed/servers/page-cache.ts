import Fastify from 'fastify';
import { loadConfig } from '../../../src/config.ts';
import { EVERYTHING } from '../../../src/features/properties/tags.ts';
import { pageCache } from '../../../src/http-cache/plugin.ts';
import { caches } from '../../../src/plugins/caches.ts';
import { config } from '../../../src/plugins/config.ts';
import { redis } from '../../../src/plugins/redis.ts';
import { listen, redisUrl } from './given.ts';
import { prismaRoute } from './prisma-route.ts';

/** The same list with the page layer over Redis and this process's memory, as in the service. */

const app = Fastify();
app.decorate('times', {});
await app.register(config, { config: loadConfig({ REDIS_URL: redisUrl(), STALE_IF_ERROR: '0' }) });
await app.register(redis);
await app.register(caches, { everything: EVERYTHING });
await app.register(pageCache, { caches: app.caches, mustBeFresh: () => false });
prismaRoute(app);
await listen(app);
