import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';

/**
 * What the page may load: its own files, the icons inside its style sheet, and this API. The hash is that of the
 * one style element which Swagger UI makes itself.
 */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `GET /openapi.json`, made from the routes' own schemas, and `GET /docs`, a page to try it. */
export const openapi = fp(
  async (app) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Property Listings',
          version: '1.0.0',
          description:
            'Property listings from PostgreSQL through two cache layers, never stale after a write.',
        },
        tags: [
          { name: 'properties', description: 'Listings' },
          { name: 'health', description: 'Whether this process is up, and able to serve' },
        ],
        components: { securitySchemes: { writeKey: { type: 'http', scheme: 'bearer' } } },
      },
    });
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: PAGE_POLICY,
      uiConfig: { validatorUrl: null },
    });

    app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  },
  { name: 'openapi', fastify: '5.x' },
);
