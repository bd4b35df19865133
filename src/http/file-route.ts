import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { etagOf, knownEtag } from '../http-cache/index.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

export interface FileRoute {
  readonly url: string;
  /** One of the kinds above. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A route that answers with a file as it was at the start, from memory: on disk it may be another release's meanwhile, or
 * gone, as during `npm ci`.
 */
export async function fileRoute(app: FastifyInstance, { url, path, headers }: FileRoute): Promise<void> {
  const body = await readFile(path);
  const etag = etagOf(body);
  const type = TYPES[extname(path)];
  app.get(url, { schema: { hide: true } }, async (request, reply) => {
    reply.headers({ ...headers, etag });
    if (knownEtag(request.headers['if-none-match'], etag, false) !== undefined) return reply.code(304).send();
    return reply.headers({ 'content-type': type }).send(body);
  });
}
