import { METHODS } from 'node:http';
import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import fp from 'fastify-plugin';
import { MethodNotAllowed } from '../errors.ts';

/**
 * Answers 405 with `Allow` where a path has routes, but not for the method (RFC 9110 §15.5.6), and OPTIONS
 * with 204. Registered before the routes, which it collects; `refuseOtherMethods` adds the rest after them.
 */
export const methodNotAllowed = fp(
  async (app) => {
    for (const name of METHODS) if (!app.supportedMethods.includes(name)) app.addHttpMethod(name);
    const allowed = new Map<string, Set<string>>();
    app.addHook('onRoute', function collectMethods({ url, method }) {
      const methods = allowed.get(url) ?? new Set();
      for (const name of [method].flat()) methods.add(name);
      allowed.set(url, methods);
    });

    app.decorate('refuseOtherMethods', function refuseOtherMethods() {
      for (const [url, methods] of [...allowed]) {
        const allow = [...methods, 'OPTIONS'].sort().join(', ');
        const refuse = async (request: FastifyRequest, reply: FastifyReply) => {
          reply.header('allow', allow);
          if (request.method === 'OPTIONS') return reply.code(204).send();
          throw new MethodNotAllowed(request.method, allow);
        };
        app.route({
          url,
          method: app.supportedMethods.filter((name) => !methods.has(name)) as HTTPMethods[],
          schema: { hide: true },
          onRequest: refuse, // Before the body is read, whatever it is.
          handler: refuse,
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
