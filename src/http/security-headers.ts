import helmet from '@fastify/helmet';
import fp from 'fastify-plugin';

/**
 * The security headers of an API: nothing it answers is a page that may load or embed anything (`/docs` has a
 * policy of its own). `Strict-Transport-Security` is left to the proxy that terminates TLS.
 */
export const securityHeaders = fp(
  async (app) => {
    await app.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      strictTransportSecurity: false,
    });
  },
  { name: 'security-headers', fastify: '5.x' },
);
