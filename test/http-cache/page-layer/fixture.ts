import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { createCaches } from '../../../src/cache/caches.ts';
import type { Store } from '../../../src/cache/stores/store.ts';
import { isDatabaseSlow } from '../../../src/database/failures.ts';
import { problems } from '../../../src/http/problems.ts';
import { newRequestId } from '../../../src/http/request-id.ts';
import { type FastPathListener, type FastPathOptions, pageCache } from '../../../src/http-cache/plugin.ts';
import { fronted } from '../../helpers/fronted.ts';
import { PATIENT_CACHES } from '../../helpers/times.ts';

/** Seconds for which the pages of the fixture are kept, and for which they may be served stale after that. */
export const TTL = 60;
export const STALE_IF_ERROR = 30;

interface Options {
  readonly staleIfError?: number;
  readonly answeredFast?: FastPathListener;
  readonly maxFastPathUrls?: number;
}

/** The page layer on an application of its own, with a clock that tests advance. */
export async function pageLayer(
  t: Test,
  store: Store,
  { staleIfError = STALE_IF_ERROR, answeredFast, maxFastPathUrls = 4_096 }: Options = {},
) {
  let time = 1_700_000_000_000;
  const now = () => time;
  const caches = createCaches({ store, everything: ['things'], staleIfError, now, ...PATIENT_CACHES });
  const app = fronted({ routerOptions: { ignoreTrailingSlash: true }, genReqId: newRequestId });
  t.teardown(async () => {
    await app.close();
    await caches.close();
  });
  await app.register(problems);
  const fastPath: FastPathOptions | undefined = answeredFast && {
    use: (stage) => app.front.use('fastPath', stage),
    answered: answeredFast,
    newRequestId,
    maxUrls: maxFastPathUrls,
  };
  await app.register(pageCache, { caches, mustBeFresh: isDatabaseSlow, now, ...(fastPath && { fastPath }) });
  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });
  return {
    app,
    caches,
    get,
    statusOf: async (url: string) => (await get(url)).headers['cache-status'],
    advance: (seconds: number) => {
      time += seconds * 1000;
    },
  };
}

/** What a route needs to be a page that depends on one tag. */
export const page = { pageCache: { ttl: TTL, tags: ['things'] } };

/** Listens on a free port, and says where. */
export async function listen(app: FastifyInstance): Promise<URL> {
  return new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
}
