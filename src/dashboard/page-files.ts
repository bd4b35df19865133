import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../package-root.ts';

/** What the page may load: its own files, and the events. Browsers keep them, but ask whether they are still current. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-cache',
};

const PUBLIC = join(packageRoot, 'public');
const UPLOT = dirname(fileURLToPath(import.meta.resolve('uplot')));

/** Files in `public/` that are the page's. */
const SERVED = /\.(css|js|svg)$/;

/** `GET /`, the page, and `GET /dashboard/<file>`, what it is made of: one route each, and nothing that could name another file. */
export async function pageFiles(app: FastifyInstance, folder = PUBLIC): Promise<void> {
  await app.register(fastifyStatic, { serve: false, cacheControl: false });
  const serve = (url: string, root: string, file: string) =>
    app.get(url, { schema: { hide: true } }, (_, reply) => reply.headers(HEADERS).sendFile(file, root));

  serve('/', folder, 'index.html');
  for (const file of readdirSync(folder)) if (SERVED.test(file)) serve(`/dashboard/${file}`, folder, file);
  serve('/dashboard/uplot.js', UPLOT, 'uPlot.esm.js');
  serve('/dashboard/uplot.css', UPLOT, 'uPlot.min.css');
}
