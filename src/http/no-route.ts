import fp from 'fastify-plugin';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { MethodNotAllowed, RouteNotFound } from '../errors.ts';

/** The method under which a path is looked up, whatever methods its routes have. */
const ANY: HTTPMethod = 'GET';

/**
 * Answers requests without a route, before their bodies are read: 405 with `Allow` where the path has routes for other methods
 * (RFC 9110 §15.5.6), to OPTIONS 204, else 404. Registered before the routes, whose paths it collects in a router of
 * its own: routes for all methods that a path does not have would outnumber all others.
 */
export const noRoute = fp(
  async (app) => {
    const paths = findMyWay({ ignoreTrailingSlash: true });
    const known = new Map<string, Set<string>>();
    app.addHook('onRoute', function collectPath({ url, method }) {
      const methods = known.get(url) ?? new Set();
      for (const name of [method].flat()) methods.add(name);
      if (!known.has(url)) paths.on(ANY, url, () => {}, methods);
      known.set(url, methods);
    });

    // For every request: where `bulk` has a route for other methods only, the router would take it for an id.
    app.addHook('onRequest', async function beforeTheBodyIsRead({ method, url }, reply) {
      const methods: Set<string> | undefined = paths.find(ANY, url)?.store;
      if (!methods) throw notFound(method, url);
      if (methods.has(method)) return;
      const allow = [...methods, 'OPTIONS'].sort().join(', ');
      reply.header('allow', allow);
      if (method === 'OPTIONS') return reply.code(204).send();
      throw new MethodNotAllowed(method, allow);
    });
    app.setNotFoundHandler(({ method, url }) => {
      throw notFound(method, url); // Called by a route: the file does not exist.
    });
  },
  { name: 'no-route', dependencies: ['problems'], fastify: '5.x' },
);

/** Without the query: that may hold anything. */
const notFound = (method: string, url: string) => new RouteNotFound(`${method} ${url.replace(/\?.*/, '')}`);
