import Fastify from 'fastify';
import { CONTENT_TYPE } from '../pages.ts';
import { listen, pages } from './given.ts';

/** Fastify and nothing more: a route that sends a buffer. */

const { identity, gzip } = await pages();
const app = Fastify();

app.get('/identity', (_request, reply) => {
  reply.header('content-type', CONTENT_TYPE).send(identity);
});

app.get('/gzip', (_request, reply) => {
  reply.header('content-type', CONTENT_TYPE).header('content-encoding', 'gzip').send(gzip);
});

await listen(app);
