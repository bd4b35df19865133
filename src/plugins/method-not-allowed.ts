import type { HTTPMethods } from 'fastify';
import fp from 'fastify-plugin';
import { MethodNotAllowed } from '../errors.ts';

/**
 * Answers 405 with `Allow` where a path has routes, but not for the method (RFC 9110 §15.5.6), and OPTIONS
 * with 204. Registered before the routes, which it collects; `register405` adds the rest after them.
 */
export const methodNotAllowed = fp(
  async (app) => {
    const allowed = new Map<string, Set<string>>();
    app.addHook('onRoute', function collectMethods({ url, method }) {
      const methods = allowed.get(url) ?? new Set();
      for (const name of [method].flat()) methods.add(name);
      allowed.set(url, methods);
    });

    app.decorate('refuseOtherMethods', function refuseOtherMethods() {
      for (const [url, methods] of [...allowed]) {
        const allow = [...methods, 'OPTIONS'].sort().join(', ');
        const others = app.supportedMethods.filter((name) => !methods.has(name));
        app.route({
          url,
          method: others as HTTPMethods[],
          schema: { hide: true },
          handler: async (request, reply) => {
            reply.header('allow', allow);
            if (request.method === 'OPTIONS') return reply.code(204).send();
            throw new MethodNotAllowed(request.method, allow);
          },
        });
      }
    });
  },
  { name: 'method-not-allowed', fastify: '5.x' },
);

declare module 'fastify' {
  interface FastifyInstance {
    /** To be called once, after the last route. */
    refuseOtherMethods(): void;
  }
}
