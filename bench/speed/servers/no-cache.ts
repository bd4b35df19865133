import Fastify from 'fastify';
import { listen } from './given.ts';
import { prismaRoute } from './prisma-route.ts';

/** A list from PostgreSQL, and no cache. */

const app = Fastify();
prismaRoute(app);
await listen(app);
