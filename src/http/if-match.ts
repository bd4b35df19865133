import { Readable } from 'node:stream';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { PreconditionFailed, RangeNotSatisfiable } from '../errors.ts';
import { isMatched } from '../http-cache/index.ts';
import { problemFor } from './problems.ts';

/** The statuses of a page, of a part of it, and of a page that has not changed; conditions do not apply to other answers. */
const ANSWERS = new Set([200, 206, 304, 416]);

/** Header fields of the page, which the 412 does not have. */
const OF_PAGE = [
  'accept-ranges',
  'age',
  'content-encoding',
  'content-length',
  'content-range',
  'etag',
  'last-modified',
  'link',
];

/**
 * Answers 412 to GET and HEAD where `If-Match` does not hold, before all other conditions (RFC 9110 §13.1.1, §13.2). An
 * origin decides that, not a cache (RFC 9111 §4.3.2), so it is done to the answer of every route, from the cache or not,
 * when its `ETag` is known. Routes that write decide it themselves, with what they write. A 416 of the page layer, which
 * knows no problems, becomes one here.
 */
export const ifMatch = fp(
  async (app) => {
    app.addHook('onRoute', function addLastHook(route) {
      const isRead = [route.method].flat().some((method) => method === 'GET' || method === 'HEAD');
      if (isRead) route.onSend = [...[route.onSend ?? []].flat(), refuseConditions];
    });
  },
  { name: 'if-match', dependencies: ['problems'], fastify: '5.x' },
);

async function refuseConditions(request: FastifyRequest, reply: FastifyReply, payload: unknown) {
  const refusal = refusalOf(request, reply);
  if (!refusal) return payload;
  if (payload instanceof Readable) payload.on('error', () => {}).destroy();
  const isOfRange = refusal.statusCode === 416;
  for (const name of OF_PAGE) if (!isOfRange || name !== 'content-range') reply.removeHeader(name);
  const problem = problemFor(refusal, request, reply);
  return request.method === 'HEAD' ? null : JSON.stringify(problem);
}

function refusalOf({ headers }: FastifyRequest, reply: FastifyReply): FastifyError | undefined {
  const { 'if-match': ifMatch, range } = headers;
  if (ifMatch !== undefined && ANSWERS.has(reply.statusCode)) {
    const etag = reply.getHeader('etag');
    const known = etag === undefined ? undefined : String(etag);
    if (!isMatched(ifMatch, known, range === undefined)) return new PreconditionFailed();
  }
  if (reply.statusCode !== 416) return undefined;
  return new RangeNotSatisfiable(String(reply.getHeader('content-range')));
}
