import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fp from 'fastify-plugin';
import type { Fill, Lookup } from '../../cache/cache.ts';
import type { Caches } from '../../cache/index.ts';
import type { Entry, Tag } from '../../cache/store.ts';
import { ageOf, type Forward, forwardStatus, hitStatus } from './cache-status.ts';
import { etagOf, matchesEtag } from './etag.ts';
import { type PageKey, pageKeyOf } from './key.ts';
import { type Headers, isStorable, pageHeaders } from './storable.ts';

/**
 * The page layer: whole responses, kept per route that opts in with `config: { pageCache: { ttl, tags } }`.
 *
 * 1. `onRequest` looks the page up. A hit is answered there: no validation, no handler, no JSON.
 * 2. After a miss this request leads: others that want the same page wait for it. So it must settle its
 *    fill, in `onSend` with the page or without one, or at the latest when the response is over or the client gone.
 * 3. `onSend` keeps what may be kept, and adds what every page carries: `ETag`, `Cache-Status`, `Age`.
 * 4. Only GET fills. HEAD is answered from the GET's entry; a request with `Authorization` may be answered
 *    from an entry but makes none (RFC 9111 §3.5).
 */
export interface PageCacheRoute {
  /** Seconds for which the page is kept. It speaks to this cache alone; `Cache-Control` speaks to browsers. */
  readonly ttl: number;
  /** What the page depends on; undefined for parameters that can be no page's. */
  readonly tags: readonly Tag[] | ((params: unknown) => readonly Tag[] | undefined);
}

export interface PageCacheOptions {
  readonly caches: Pick<Caches, 'pages'>;
  /** Errors after which the last known answer must not be served, although the status is 503. */
  readonly mustBeFresh: (error: Error) => boolean;
  readonly now?: () => number;
}

/** A page that was not in the cache, on its way through the handler. */
interface Forwarding {
  fill: Fill | undefined;
  readonly key: string;
  mustBeFresh?: boolean;
  readonly reason: Forward;
  readonly headersBefore: Headers;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    pageCache?: PageCacheRoute;
  }
  interface FastifyRequest {
    page: Forwarding | undefined;
  }
}

export const pageCache = fp<PageCacheOptions>(
  async (app, { caches: { pages }, mustBeFresh, now = Date.now }) => {
    app.decorateRequest('page', undefined);

    app.addHook('onRoute', function addPageHooks(route) {
      const { pageCache: options } = route.config ?? {};
      if (!options) return;
      const keyOf = pageKeyOf(route);
      prepend(route, 'onRequest', (request, reply) => answerFromCache(options, keyOf, request, reply));
      prepend(route, 'onSend', async (request, reply, payload) =>
        unlessKnown(request, reply, await keepPage(options, request, reply, payload)),
      );
      prepend(route, 'onError', async ({ page }, _reply, error) => {
        if (page) page.mustBeFresh = mustBeFresh(error);
      });
      prepend(route, 'onResponse', async (request) => settle(request));
      prepend(route, 'onRequestAbort', async (request) => settle(request));
    });

    async function answerFromCache(
      { tags }: PageCacheRoute,
      keyOf: PageKey,
      request: FastifyRequest,
      reply: FastifyReply,
    ) {
      const wanted = typeof tags === 'function' ? tags(request.params) : tags;
      if (!wanted) return;
      const lead = request.method === 'GET' && request.headers.authorization === undefined;
      const key = keyOf(request);
      const found = await pages.lookup(key, wanted, { lead });
      if (found.outcome === 'hit') return sendHit(reply, found);
      request.page = forwarding(key, found, reply);
    }

    function sendHit(reply: FastifyReply, { entry, collapsed }: Extract<Lookup, { outcome: 'hit' }>) {
      reply.headers(entry.value.head).header('age', ageOf(entry, now()));
      reply.header(
        'cache-status',
        collapsed ? forwardStatus('uri-miss', { collapsed }) : hitStatus(entry, now()),
      );
      return reply.send(entry.value.body);
    }

    async function keepPage(
      { ttl }: PageCacheRoute,
      request: FastifyRequest,
      reply: FastifyReply,
      payload: unknown,
    ) {
      const { page } = request;
      if (!page) return payload;
      const mayBeStale = reply.statusCode === 503 && !page.mustBeFresh;
      if (reply.statusCode !== 200) settle(request);
      const lastKnown = mayBeStale ? await pages.lastKnown(page.key) : undefined;
      if (lastKnown) return sendStale(lastKnown, page.reason, reply);
      if (!isStorable(request, reply, payload)) {
        settle(request);
        reply.header('cache-status', forwardStatus(page.reason));
        return payload;
      }
      const body = Buffer.from(payload);
      reply.header('etag', reply.getHeader('etag') ?? etagOf(body));
      page.fill?.store({ head: pageHeaders(reply, page.headersBefore), body }, ttl);
      reply.header('cache-status', forwardStatus(page.reason, { stored: page.fill !== undefined }));
      page.fill = undefined;
      return body;
    }

    /** The last known answer instead of an error (RFC 5861 §4). */
    function sendStale(entry: Entry, reason: Forward, reply: FastifyReply) {
      for (const name of ['retry-after', 'content-type', 'cache-control']) reply.removeHeader(name);
      const status = forwardStatus(reason, { insteadOf: reply.statusCode });
      reply
        .code(200)
        .headers(entry.value.head)
        .header('age', ageOf(entry, now()))
        .header('cache-status', status);
      return entry.value.body;
    }
  },
  { name: 'page-cache', fastify: '5.x' },
);

function forwarding(
  key: string,
  found: Exclude<Lookup, { outcome: 'hit' }>,
  reply: FastifyReply,
): Forwarding {
  const headersBefore = reply.getHeaders();
  if (found.outcome === 'bypass') return { key, fill: undefined, reason: 'bypass', headersBefore };
  return { key, fill: found.fill, reason: found.known ? 'stale' : 'uri-miss', headersBefore };
}

/** Leads no longer, stored or not: whoever waits for the page goes on. */
function settle({ page }: FastifyRequest): void {
  if (!page) return;
  page.fill?.abandon();
  page.fill = undefined;
}

/**
 * The page, or a 304 without it when the client has these bytes already (RFC 9110 §15.4.5). To HEAD the page is
 * handed on either way: Fastify's hook for HEAD drops it, and says its length.
 */
function unlessKnown(request: FastifyRequest, reply: FastifyReply, page: unknown): unknown {
  if (reply.statusCode !== 200 || !Buffer.isBuffer(page)) return page;
  if (!matchesEtag(request.headers['if-none-match'], String(reply.getHeader('etag')))) return page;
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return request.method === 'HEAD' ? page : null;
}

type PageHooks = Required<
  Pick<RouteOptions, 'onRequest' | 'onSend' | 'onError' | 'onResponse' | 'onRequestAbort'>
>;

function prepend<K extends keyof PageHooks>(
  route: RouteOptions,
  name: K,
  hook: Extract<PageHooks[K], (...args: never[]) => unknown>,
) {
  Object.assign(route, { [name]: [hook, ...[route[name] ?? []].flat()] });
}
