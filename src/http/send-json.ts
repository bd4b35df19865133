import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/**
 * Sends what is JSON already, past the serializer of the route's schema. That it has the schema's shape is the caller's to
 * see to.
 */
export function sendJson(reply: FastifyReply, json: string | Buffer | Readable): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(json);
}
