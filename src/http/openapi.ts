import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fp from 'fastify-plugin';
import { Type } from 'typebox';
import { packageRoot, parserOf } from '../platform/index.ts';
import { fileRoute } from './file-route.ts';
import { operationOf } from './openapi-operation.ts';

/**
 * The Content-Security-Policy of the page: it may load its own files, the icons inside its style sheet, and this API. The hash
 * is that of the one style element which Swagger UI makes.
 */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const parsePackage = parserOf(Type.Object({ version: Type.String() }));
const { version } = parsePackage(readFileSync(join(packageRoot, 'package.json'), 'utf8'));

/** Where Swagger UI's own files are, and those that the page loads as they are: what else there is, is made for it. */
const SWAGGER_UI = join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static');
const LOADED = /\.(css|js|png|svg)$/;

/** `GET /openapi.json`, made from the routes' own schemas, and `GET /docs`, a page to try it. */
export const openapi = fp(
  async (app) => {
    await app.register(swagger, {
      refResolver: { buildLocalReference: ({ $id }) => String($id) },
      transform: ({ schema, url, route }) => ({
        schema: schema.hide ? schema : operationOf(schema, route),
        url,
      }),

      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Property Listings',
          version,
          description:
            'Property listings from PostgreSQL through two cache layers: a read that begins after a write through this API was answered is never stale.',
        },
        tags: [
          { name: 'properties', description: 'Listings' },
          { name: 'health', description: 'Whether this process is up, and able to serve' },
          { name: 'operation', description: 'For operators' },
        ],
        components: { securitySchemes: { writeKey: { type: 'http', scheme: 'bearer' } } },
      },
    });
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: PAGE_POLICY,
      uiConfig: { validatorUrl: null, requestInterceptor: sendLines },
    });

    // It would read them from disk at every request. A route of one file comes before its route of all.
    const files = (await readdir(SWAGGER_UI)).filter((file) => LOADED.test(file));
    const headers = { 'content-security-policy': PAGE_POLICY, 'cache-control': 'public, max-age=0' };
    await Promise.all(
      files.map((file) =>
        fileRoute(app, { url: `/docs/static/${file}`, path: join(SWAGGER_UI, file), headers }),
      ),
    );

    const schema = {
      tags: ['operation'],
      operationId: 'getDocument',
      summary: 'This document',
      response: { 200: { content: { 'application/json': { schema: {} } } } },
    };
    app.get('/openapi.json', { schema }, async () => app.swagger());
  },
  { name: 'openapi', fastify: '5.x' },
);

/** A request as Swagger UI is about to send it. */
interface UiRequest {
  readonly headers?: Readonly<Record<string, string>>;
  body?: unknown;
}

/**
 * Swagger UI shows an example of lines as one JSON string, because the name of their type has `json` in it: they are sent
 * as the lines that they are. Runs in the browser, so it refers to nothing outside of itself.
 */
export function sendLines(request: UiRequest): UiRequest {
  const { headers, body } = request;
  const isOfLines = /ndjson|jsonl/.test(String(headers?.['Content-Type']));
  if (isOfLines && typeof body === 'string' && body.startsWith('"')) request.body = JSON.parse(body);
  return request;
}
