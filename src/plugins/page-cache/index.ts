import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import type { Caches } from '../../cache/index.ts';
import { isFresh } from '../../cache/token.ts';
import { OnlyIfCached } from '../../errors.ts';
import { answerWith } from './answer.ts';
import { type Asked, askedBy, wantsOrigin } from './asked.ts';
import { BeforeRouter, type EarlyHitListener } from './before-router.ts';
import { forwardStatus, hitStatus } from './cache-status.ts';
import { Finder, type Found, type Search } from './finder.ts';
import { Forms } from './forms.ts';
import { type Forwarding, forward, settle } from './forwarding.ts';
import { Outgoing } from './outgoing.ts';
import { ageOf, pageOf } from './page.ts';
import { canSendPrepared } from './prepared-response.ts';
import { Refreshes } from './refreshes.ts';
import { type FoundPage, headersAround, sendAnswer } from './reply-headers.ts';
import { type PageCacheRoute, type PageRoute, pageRoute } from './route.ts';

export type { EarlyHit, EarlyHitListener } from './before-router.ts';
export { tooLargeToKeep } from './copy.ts';
export { EVERY_PAGE } from './route.ts';

/**
 * The page layer: whole responses, kept per route that opts in with `config: { pageCache: … }`; an HTTP cache as RFC
 * 9111 has it, inside the server.
 *
 * 1. `onRequest`, after those that the route has itself, looks the page up. A hit is answered there: no validation, no
 *    handler, no JSON.
 * 2. After a miss this request leads: others that want the same page wait for it. So it must settle its fill, in
 *    `onSend` with the page or without one, or at the latest when the response is over.
 * 3. `onSend` keeps what may be kept, and sends it as this client asked for it: whole, in part, or as a 304.
 * 4. Only GET fills. HEAD is answered from the GET's entry; a request with `Authorization` may be answered
 *    from an entry, and makes one only if the response allows it (RFC 9111 §3.5).
 * 5. A request with an unsafe method that succeeds invalidates the page of its URL before it is answered (§4.4).
 * 6. A plain hit of an URL that went this way before may be answered before the router (before-router.ts).
 */
export interface PageCacheOptions {
  readonly caches: Pick<Caches, 'pages' | 'invalidate'>;
  /** Errors after which the last known answer must not be served, although the status is 503. */
  readonly mustBeFresh?: (error: Error) => boolean;
  /** `ignore` where whatever writes invalidates by itself, so that doing it again would only cost time. */
  readonly unsafeMethods?: 'invalidate' | 'ignore';
  /**
   * Has plain hits answered before Fastify's router, and is told of each. No hook of the application runs for them: it
   * says so itself, by giving this, that its hooks add the same fields to every response of a route and do nothing else
   * that such a hit needs.
   */
  readonly answeredEarly?: EarlyHitListener;
  /** Names a request that is answered so, for `X-Request-Id`: all names are of one length. */
  readonly newRequestId?: () => string;
  readonly now?: () => number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    pageCache?: PageCacheRoute;
  }
  interface FastifyRequest {
    /** The page that was found for this request, or what is to be done with the handler's answer. */
    page: FoundPage | Forwarding | undefined;
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
      answeredEarly: answered,
      newRequestId = () => '',
      now = Date.now,
    },
  ) => {
    const { pages } = caches;
    const forms = new Forms(pages);
    const finder = new Finder(pages, forms, now);
    const outgoing = new Outgoing(pages, forms, now);
    const refreshes = new Refreshes(app);
    const routes = new Map<string, PageRoute[]>();
    const early =
      answered && canSendPrepared()
        ? new BeforeRouter({ pages, forms, now, answered, newRequestId })
        : undefined;
    app.decorateRequest('page', undefined);

    app.addHook('onReady', async () => early?.listen(app.server));
    app.addHook('preClose', async () => early?.close());
    app.addHook('onRoute', function addPageHooks(route) {
      if (route.constraints) early?.close(); // An URL alone does not say any more which route it is.
      const { pageCache: config } = route.config ?? {};
      const unsafe = [route.method].flat().some((method) => !SAFE.has(method));
      if (unsafe && unsafeMethods === 'invalidate') add(route, 'onSend', 'first', invalidatePage);
      if (!config) return;
      const options = pageRoute(route, config);
      routes.set(route.url, [...(routes.get(route.url) ?? []), options]);
      add(route, 'onRequest', 'last', (request, reply) => answerFromCache(options, request, reply));
      add(route, 'onSend', 'first', async (request, reply, payload) => {
        const { page } = request;
        if (page && 'answer' in page) return sendAnswer(page, request, reply);
        return page ? outgoing.send(page, request, reply, payload) : payload;
      });
      add(route, 'onError', 'first', async ({ page }, _reply, error) => {
        const needsFresh = error instanceof OnlyIfCached || mustBeFresh(error);
        if (page && 'missed' in page) page.failed = needsFresh ? 'must-be-fresh' : 'origin-away';
      });
      add(route, 'onResponse', 'first', async (request, reply) => {
        settleFor(request);
        learn(options, request, reply);
      });
    });

    async function answerFromCache(route: PageRoute, request: FastifyRequest, reply: FastifyReply) {
      const { method } = request;
      const id = method === 'GET' || method === 'HEAD' ? route.identify(request) : undefined;
      if (!id) return;
      const asked = askedBy(request);
      const refresh = refreshes.isRunning;
      const search = { route, id, asked, refresh, lead: leadOf(method, route, asked, refresh) };
      const found = await finder.find(search);
      if (found.outcome === 'hit') return sendHit(found, search, request, reply);
      request.page = forward(search, found, request, reply, now());
      if (asked.directives.has('only-if-cached')) throw new OnlyIfCached();
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
        collapsed ? forwardStatus('uri-miss', { collapsed }) : hitStatus(entry, time),
      );
      forms.makeFor(search, key, entry);
      if (page.freshness?.whileRevalidate && !isFresh(entry, time)) refreshes.begin(key, request);
      request.page = { answer: answerWith(page, search.asked.headers), whole: page };
      return reply.send(page.body);
    }

    /** A page that was found and sent whole may be sent early the next time. */
    function learn(route: PageRoute, request: FastifyRequest, reply: FastifyReply) {
      const { page, method, raw } = request;
      if (!early || !route.byUrlAlone || method !== 'GET' || reply.statusCode !== 200) return;
      if (!page || !('answer' in page)) return;
      const id = route.identify(request);
      if (id) early.learn(String(raw.url), route, id, headersAround(reply, page.whole.headers));
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

/** Who fills, and for whom. */
function leadOf(method: string, { ttl }: PageRoute, asked: Asked, refresh: boolean): Search['lead'] {
  if (method === 'HEAD' || asked.directives.has('no-store')) return 'never';
  const alone =
    asked.headers.authorization !== undefined || refresh || (ttl === undefined && wantsOrigin(asked));
  return alone ? 'alone' : 'for all';
}

/** Whoever waits for the page goes on, whatever became of it. */
function settleFor({ page }: FastifyRequest): void {
  if (page && 'missed' in page) settle(page);
}

type PageHooks = Required<Pick<RouteOptions, 'onRequest' | 'onSend' | 'onError' | 'onResponse'>>;

/** Adds a hook to those that the route has itself. */
function add<K extends keyof PageHooks>(
  route: RouteOptions,
  name: K,
  place: 'first' | 'last',
  hook: Extract<PageHooks[K], (...args: never[]) => unknown>,
) {
  const others = [route[name] ?? []].flat();
  Object.assign(route, { [name]: place === 'first' ? [hook, ...others] : [...others, hook] });
}
