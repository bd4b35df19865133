import Fastify from 'fastify';
import { createClient, RESP_TYPES } from 'redis';
import { CONTENT_TYPE } from '../pages.ts';
import { listen, pages, redisUrl } from './given.ts';

/** A cache as it is often written: a route that asks Redis for the body, and sends what it gets. */

const { identity, gzip } = await pages();
const client = await createClient({ url: redisUrl() }).connect();
const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
await client.set('bench:identity', identity);
await client.set('bench:gzip', gzip);
const app = Fastify();

app.get('/identity', async (_request, reply) => {
  const body = await client.get('bench:identity');
  return reply.header('content-type', CONTENT_TYPE).send(body);
});

app.get('/gzip', async (_request, reply) => {
  const body = await buffers.get('bench:gzip');
  return reply.header('content-type', CONTENT_TYPE).header('content-encoding', 'gzip').send(body);
});

await listen(app);
