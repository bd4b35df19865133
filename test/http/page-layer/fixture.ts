import Fastify, { type FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { createCaches } from '../../../src/cache/index.ts';
import type { Store } from '../../../src/cache/store.ts';
import { isDatabaseSlow } from '../../../src/database/failures.ts';
import { type EarlyHitListener, pageCache } from '../../../src/plugins/page-cache/index.ts';
import { problems } from '../../../src/plugins/problems.ts';
import { newRequestId } from '../../../src/request-id.ts';

/** Seconds for which the pages of the fixture are kept, and for which they may be served stale after that. */
export const TTL = 60;
export const STALE_IF_ERROR = 30;

interface Options {
  readonly staleIfError?: number;
  readonly answeredEarly?: EarlyHitListener;
}

/** The page layer on an application of its own, with a clock that tests advance. */
export async function pageLayer(
  t: Test,
  store: Store,
  { staleIfError = STALE_IF_ERROR, answeredEarly }: Options = {},
) {
  let time = 1_700_000_000_000;
  const now = () => time;
  const caches = createCaches({ store, everything: ['things'], staleIfError, now });
  const app = Fastify({ routerOptions: { ignoreTrailingSlash: true }, genReqId: newRequestId });
  t.teardown(async () => {
    await app.close();
    await caches.close();
  });
  await app.register(problems);
  const early = answeredEarly && { answeredEarly, newRequestId };
  await app.register(pageCache, { caches, mustBeFresh: isDatabaseSlow, now, ...early });
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
