import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

/** One line a request: what was asked, what was answered, how long it took and what the cache did. */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null, request: FastifyRequest, reply: FastifyReply): void {
    const cache = reply.getHeader('cache-status');
    const line = {
      method: request.method,
      url: request.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(cache !== undefined && { cache }),
    };
    if (error) request.log.error({ ...line, err: error }, 'request failed');
    else request.log.info(line, 'request');
  }
}
