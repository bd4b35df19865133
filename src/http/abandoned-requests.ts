import fp from 'fastify-plugin';
import { tenths } from '../platform/index.ts';

/** nginx's status for it, which only its log has: the client had closed the connection. */
const CLIENT_WENT_AWAY = 499;

/**
 * Logs and counts requests whose clients closed the connection before they had the whole answer: no other hook sees their
 * end. A service that is too slow has many of them.
 */
export const abandonedRequests = fp(
  async (app) => {
    app.addHook('onRequest', function watchTheClient(request, reply, done) {
      let isAnswered = false;
      reply.raw.once('finish', () => {
        isAnswered = true;
      });
      reply.raw.once('close', () => {
        if (isAnswered) return;
        const { method, url, routeOptions } = request;
        const ms = tenths(reply.elapsedTime);
        app.requestDurations.add(routeOptions.url, method, CLIENT_WENT_AWAY, reply.elapsedTime);
        request.log.info({ method, url, status: CLIENT_WENT_AWAY, ms }, 'the client went away');
      });
      done();
    });
  },
  { name: 'abandoned-requests', dependencies: ['metrics'], fastify: '5.x' },
);
