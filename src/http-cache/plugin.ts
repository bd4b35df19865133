import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import type { Caches } from '../cache/index.ts';
import { isFresh } from '../cache/index.ts';
import { OnlyIfCached } from '../errors.ts';
import { FastPath, type FastPathListener, type Stage } from './fast-path/fast-path.ts';
import { canSendPrepared } from './fast-path/prepared-response.ts';
import { Finder, type Found, preferenceOf, type Search } from './flow/finder.ts';
import { ForwardedRequest, type PageRequest } from './flow/page-request.ts';
import { Refreshes } from './flow/refreshes.ts';
import { Responder } from './flow/responder.ts';
import { answerWith } from './pages/answer.ts';
import { EncodedVariants } from './pages/encoded-variants.ts';
import { ageOf, pageOf, ttlOf } from './pages/page.ts';
import { headersAround, sendAnswer } from './pages/reply-headers.ts';
import { type PageCacheRoute, type PageRoute, pageRoute } from './pages/route.ts';
import { type CacheRequest, cacheRequestOf, wantsOrigin } from './rules/cache-request.ts';
import { forwardStatus, hitStatus } from './rules/cache-status.ts';

export type { FastPathHit, FastPathListener } from './fast-path/fast-path.ts';
export { tooLargeToKeep } from './pages/copy.ts';
export { EVERY_PAGE } from './pages/route.ts';

/**
 * No hook of the application runs for a hit on the fast path: by giving these options the application says that its hooks
 * add the same fields to every response of a route, and do nothing else that such a hit needs.
 */
export interface FastPathOptions {
  /** Puts the stage before the router. Called once, when the application is ready. */
  use(stage: Stage): void;
  /** Called with each hit. */
  readonly answered: FastPathListener;
  /** Makes the id of a request that is answered so, for `X-Request-Id`: all ids are of one length. */
  readonly newRequestId?: () => string;
  /** How many URLs are remembered, if not 4,096. */
  readonly maxUrls?: number;
}

/**
 * The page layer: whole responses, kept per route that opts in with `config: { pageCache: … }`; an HTTP cache as RFC
 * 9111 has it, inside the server.
 *
 * 1. `onRequest`, after those that the route has itself, looks the page up. A hit is answered there: no validation, no
 *    handler, no JSON.
 * 2. After a miss this request leads: others that want the same page wait for it. So it must settle its fill, in
 *    `onSend` with the page or without one, or at the latest when the response is over.
 * 3. `onSend` keeps what may be kept, and sends it as the client asked for it: whole, in part, or as a 304.
 * 4. Only GET fills. HEAD is answered from the GET's entry; a request with `Authorization` may be answered
 *    from an entry, and makes one only if the response allows it (RFC 9111 §3.5).
 * 5. A request with an unsafe method that succeeds invalidates the page of its URL before it is answered (§4.4).
 * 6. A plain hit of a URL that was answered so before may take the fast path (src/http-cache/fast-path/fast-path.ts).
 */
export interface PageCacheOptions {
  readonly caches: Pick<Caches, 'pages' | 'invalidate'>;
  /** Errors after which the last known answer must not be served, although the status is 503. */
  readonly mustBeFresh?: (error: Error) => boolean;
  /** `ignore` where whatever writes invalidates by itself, so that doing it again would only cost time. */
  readonly unsafeMethods?: 'invalidate' | 'ignore';
  /** Turns the fast path on (fast-path/). */
  readonly fastPath?: FastPathOptions;
  readonly now?: () => number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    pageCache?: PageCacheRoute;
  }
  interface FastifyRequest {
    /** The request for a page, on a route that has pages. */
    page: PageRequest | undefined;
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'SEARCH', 'PROPFIND', 'REPORT']);

export const pageCache = fp<PageCacheOptions>(
  async (
    app,
    {
      caches,
      mustBeFresh = () => false,
      unsafeMethods = 'invalidate',
      fastPath: fastPathOptions,
      now = Date.now,
    },
  ) => {
    const { pages } = caches;
    const encodedVariants = new EncodedVariants(pages);
    const finder = new Finder(pages, encodedVariants, now);
    const responder = new Responder(pages, encodedVariants, now);
    const refreshes = new Refreshes(app);
    const routes = new Map<string, PageRoute[]>();
    const fastPath =
      fastPathOptions && canSendPrepared()
        ? new FastPath({ pages, encodedVariants, now, ...fastPathOptions })
        : undefined;
    app.decorateRequest('page', undefined);

    app.addHook('onReady', async function standBeforeTheRouter() {
      const { server } = app;
      if (fastPath && !server.maxRequestsPerSocket) fastPathOptions?.use(fastPath.stage(server)); // Node counts them, and the fast path does not.
    });
    app.addHook('preClose', async () => fastPath?.close());
    app.addHook('onRoute', function addPageHooks(route) {
      const schemaOf = (id: string) => this.getSchema(id);
      if (route.constraints) fastPath?.close(); // A URL alone does not determine the route any more.
      const { pageCache: config } = route.config ?? {};
      const unsafe = [route.method].flat().some((method) => !SAFE.has(method));
      if (unsafe && unsafeMethods === 'invalidate') add(route, 'onSend', 'first', invalidatePage);
      if (!config) return;
      const options = pageRoute(route, config, schemaOf);
      routes.set(route.url, [...(routes.get(route.url) ?? []), options]);
      add(route, 'onRequest', 'last', (request, reply) => answerFromCache(options, request, reply));
      add(route, 'onSend', 'first', async (request, reply, payload) => {
        const { page } = request;
        if (!page) return payload;
        if (page.kind === 'found') return sendAnswer(page.page, request, reply);
        return responder.send(page, request, reply, payload);
      });
      add(route, 'onError', 'first', async ({ page }, _reply, error) => {
        const needsFresh = error instanceof OnlyIfCached || mustBeFresh(error);
        if (page?.kind === 'forwarded') page.failure = needsFresh ? 'must-be-fresh' : 'origin-away';
      });
      add(route, 'onResponse', 'first', async (request, reply) => {
        if (request.page?.kind === 'forwarded') request.page.settle(); // At the latest: whatever became of it.
        rememberUrl(request, reply);
      });
    });

    async function answerFromCache(route: PageRoute, request: FastifyRequest, reply: FastifyReply) {
      const { method } = request;
      const id = method === 'GET' || method === 'HEAD' ? route.identify(request) : undefined;
      if (!id) return;
      const cacheRequest = cacheRequestOf(request);
      const refresh = refreshes.isRunning;
      const search = { route, id, cacheRequest, refresh, lead: leadOf(method, route, cacheRequest, refresh) };
      const found = await finder.find(search);
      if (found.outcome === 'hit') return sendHit(found, search, request, reply);
      request.page = new ForwardedRequest(search, found, request, reply, now());
      if (cacheRequest.directives.has('only-if-cached')) throw new OnlyIfCached();
    }

    function sendHit(
      { entry, key, collapsed }: Extract<Found, { outcome: 'hit' }>,
      search: Search,
      request: FastifyRequest,
      reply: FastifyReply,
    ) {
      const page = pageOf(entry);
      const time = now();
      reply.header('age', ageOf(entry, time));
      reply.header(
        'cache-status',
        collapsed ? forwardStatus('uri-miss', { collapsed }) : hitStatus(ttlOf(entry, time)),
      );
      encodedVariants.encodeFor(preferenceOf(search), key, entry);
      if (page.freshness?.whileRevalidate && !isFresh(entry, time)) refreshes.begin(key, request);
      const answer = answerWith(page, search.cacheRequest.headers);
      request.page = { kind: 'found', search, page: { answer, whole: page } };
      return reply.send(page.body);
    }

    /** The URL of a page that was found and sent whole can take the fast path the next time. */
    function rememberUrl({ page, method, raw }: FastifyRequest, reply: FastifyReply) {
      if (!fastPath || page?.kind !== 'found' || method !== 'GET' || reply.statusCode !== 200) return;
      const { route, id } = page.search;
      if (route.byUrlAlone)
        fastPath.remember(String(raw.url), route, id, headersAround(reply, page.page.whole.headers));
    }

    async function invalidatePage(request: FastifyRequest, reply: FastifyReply, payload: unknown) {
      if (SAFE.has(request.method) || reply.statusCode >= 400) return payload;
      const found = routes.get(String(request.routeOptions.url)) ?? [];
      const own = found.flatMap((route) => route.identify(request)?.tags[0] ?? []);
      if (own.length > 0) await caches.invalidate([...new Set(own)]);
      return payload;
    }
  },
  { name: 'page-cache', fastify: '5.x' },
);

/** Whether a request fills after a miss, and whether others may wait for its fill. */
function leadOf(
  method: string,
  { ttl }: PageRoute,
  cacheRequest: CacheRequest,
  refresh: boolean,
): Search['lead'] {
  if (method === 'HEAD' || cacheRequest.directives.has('no-store')) return 'never';
  const alone =
    cacheRequest.headers.authorization !== undefined ||
    refresh ||
    (ttl === undefined && wantsOrigin(cacheRequest));
  return alone ? 'alone' : 'for all';
}

type PageHooks = Required<Pick<RouteOptions, 'onRequest' | 'onSend' | 'onError' | 'onResponse'>>;

/** Adds a hook to those that the route has itself. */
function add<K extends keyof PageHooks>(
  route: RouteOptions,
  name: K,
  position: 'first' | 'last',
  hook: Extract<PageHooks[K], (...args: never[]) => unknown>,
) {
  const others = [route[name] ?? []].flat();
  Object.assign(route, { [name]: position === 'first' ? [hook, ...others] : [...others, hook] });
}
