import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { fileRoute } from '../../http/index.ts';
import { packageRoot } from '../../platform/index.ts';

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

/** `GET /`, the page, and `GET /dashboard/<file>`, what it is made of: one route each, and nothing that could name another file. They are for browsers, and not in the document. */
export async function pageFiles(app: FastifyInstance, folder = PUBLIC): Promise<void> {
  const serve = (url: string, path: string) => fileRoute(app, { url, path, headers: HEADERS });
  const files = readdirSync(folder).filter((file) => SERVED.test(file));
  await Promise.all([
    serve('/', join(folder, 'index.html')),
    ...files.map((file) => serve(`/dashboard/${file}`, join(folder, file))),
    serve('/dashboard/uplot.js', join(UPLOT, 'uPlot.esm.js')),
    serve('/dashboard/uplot.css', join(UPLOT, 'uPlot.min.css')),
  ]);
}
