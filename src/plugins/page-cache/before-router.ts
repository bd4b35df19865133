import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderValue,
} from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Cache } from '../../cache/cache.ts';
import type { Entry, Tier } from '../../cache/store.ts';
import { answerWith } from './answer.ts';
import { hitStatus } from './cache-status.ts';
import type { Forms } from './forms.ts';
import type { Headers } from './headers.ts';
import { ageOf, pageOf, signpostOf } from './page.ts';
import { plainRequest } from './plain-request.ts';
import { type Head, type Prepared, prepareResponse, sendPrepared } from './prepared-response.ts';
import { withVary } from './reply-headers.ts';
import type { PageId, PageRoute } from './route.ts';

/** A hit that no hook of the application has seen: the same object for all that are alike. */
export interface EarlyHit {
  readonly method: 'GET';
  readonly url: string;
  /** As it was declared: `/properties/:id/`. */
  readonly route: string;
  readonly status: 200 | 304;
  readonly cacheStatus: string;
}

/** Is told of an early hit, how many milliseconds it took, and what the request was named. */
export type EarlyHitListener = (hit: EarlyHit, elapsed: number, requestId: string) => void;

/** An URL that the router has led to a page before. */
interface KnownUrl {
  readonly url: string;
  readonly route: PageRoute;
  readonly id: PageId;
  /** What hooks of the application added to the page's own fields. */
  readonly around: Headers;
}

/** What is sent of an entry from one moment to another: its age is in it, and the URL that it was asked for under. */
interface Answers {
  readonly known: KnownUrl;
  readonly from: number;
  readonly until: number;
  readonly etag: string | undefined;
  readonly whole: EarlyAnswer;
  readonly unchanged: EarlyAnswer;
}

interface EarlyAnswer {
  readonly response: Prepared;
  readonly hit: EarlyHit;
}

/** URLs that are known at once, and how long they may be: what clients send must not fill the memory. */
const MAX_URLS = 4_096;
const MAX_URL_LENGTH = 512;

/** What prepared answers may hold, and what one takes besides its bytes. Bytes. */
const MAX_PREPARED_BYTES = 8 * 1024 * 1024;
const PREPARED_OVERHEAD_BYTES = 4 * 1024;

export interface BeforeRouterOptions {
  readonly pages: Cache;
  readonly forms: Forms;
  readonly now: () => number;
  readonly answered: EarlyHitListener;
  /** All are of one length, and of letters, digits and `-`; the length is 0 where requests have no names. */
  readonly newRequestId: () => string;
}

/**
 * Answers plain hits before Fastify's router, which costs more than the rest of a hit.
 *
 * 1. It answers only what the long way has answered before: an URL is known when a page was sent for it, byte for
 *    byte the same URL, and forgotten at will. What it does not know or does not understand goes the long way.
 * 2. A request is plain if nothing in it but `If-None-Match` and `Accept-Encoding` could change the answer.
 * 3. The entry is found as everywhere else, so it is served only while its tokens are current.
 * 4. No hook runs. The fields that hooks added when the page was sent the long way are sent again.
 */
export class BeforeRouter {
  readonly #pages: Cache;
  readonly #forms: Forms;
  readonly #now: () => number;
  readonly #answered: EarlyHitListener;
  readonly #newRequestId: () => string;
  readonly #urls = new Map<string, KnownUrl>();
  readonly #prepared = new LRUCache<Entry, Answers>({
    maxSize: MAX_PREPARED_BYTES,
    sizeCalculation: ({ whole }, { value }) =>
      value.body.byteLength + whole.response.bytes.byteLength + PREPARED_OVERHEAD_BYTES,
  });
  #keepAlive = '';
  #closed = false;

  constructor({ pages, forms, now, answered, newRequestId }: BeforeRouterOptions) {
    this.#pages = pages;
    this.#forms = forms;
    this.#now = now;
    this.#answered = answered;
    this.#newRequestId = newRequestId;
  }

  /** Takes the requests of the server before those who listen for them now. */
  listen(server: Server): void {
    const listeners = server.listeners('request');
    const seconds = Math.floor(server.keepAliveTimeout / 1000);
    this.#keepAlive = `Connection: keep-alive\r\n${seconds > 0 ? `Keep-Alive: timeout=${seconds}\r\n` : ''}`;
    if (server.maxRequestsPerSocket) return; // Only the long way counts them.
    server.removeAllListeners('request');
    const theLongWay = (request: IncomingMessage, response: ServerResponse) => {
      for (const listener of listeners) Reflect.apply(listener, server, [request, response]);
    };
    server.on('request', (request, response) => this.#handle(request, response, theLongWay));
  }

  /** Everything goes the long way from now on. */
  close(): void {
    this.#closed = true;
  }

  learn(url: string, route: PageRoute, id: PageId, around: Headers): void {
    if (url.length > MAX_URL_LENGTH || around['set-cookie'] !== undefined) return;
    if (around.vary !== undefined && around.vary.toLowerCase() !== 'accept-encoding') return;
    if (this.#urls.get(url)?.id.key !== id.key) {
      if (this.#urls.size >= MAX_URLS) this.#urls.clear();
      this.#urls.set(url, { url, route, id, around });
    }
  }

  /** Written for speed: what is done here is done for every request to the server. */
  #handle(
    request: IncomingMessage,
    response: ServerResponse,
    theLongWay: (request: IncomingMessage, response: ServerResponse) => void,
  ): void {
    const known = this.#closed ? undefined : this.#urls.get(String(request.url));
    const plain = known && isPersistent(request, response) ? plainRequest(request.rawHeaders) : undefined;
    if (!known || !plain || (plain.hasDirectives && known.route.ttl === undefined)) {
      theLongWay(request, response);
      return;
    }
    const began = performance.now();
    const { id, route } = known;
    const form = route.compress ? this.#forms.preferred(id.key, plain.acceptEncoding) : undefined;
    if (this.#pages.hasMemory) {
      const answer = this.#answerWith(this.#near(form, id), known, form, plain.ifNoneMatch);
      if (answer) this.#send(answer, response, began, 'local');
      else theLongWay(request, response);
      return;
    }
    void this.#pages.peek(form ?? id.key, id.tags).then((entry) => {
      const answer = this.#answerWith(entry, known, form, plain.ifNoneMatch);
      if (answer) this.#send(answer, response, began);
      else theLongWay(request, response);
    });
  }

  #send(
    { response: prepared, hit }: EarlyAnswer,
    response: ServerResponse,
    began: number,
    tier?: Tier,
  ): void {
    const id = this.#newRequestId();
    sendPrepared(response, prepared, id);
    this.#pages.hit(tier);
    this.#answered(hit, performance.now() - began, id);
  }

  #near(form: string | undefined, { key, tags }: PageId): Entry | undefined {
    return (form === undefined ? undefined : this.#pages.near(form, tags)) ?? this.#pages.near(key, tags);
  }

  /** Undefined for what goes the long way: also a page that has no form in the coding yet, which is made there. */
  #answerWith(
    entry: Entry | undefined,
    known: KnownUrl,
    form: string | undefined,
    ifNoneMatch: string | undefined,
  ): EarlyAnswer | undefined {
    if (!entry) return undefined;
    const now = this.#now();
    if (form !== undefined && lacksForm(entry)) return undefined;
    let prepared = this.#prepared.get(entry);
    if (prepared?.known !== known || now < prepared.from || now >= prepared.until) {
      prepared = isSentAlike(entry) ? this.#prepare(entry, known, now) : undefined;
      if (prepared) this.#prepared.set(entry, prepared);
    }
    if (ifNoneMatch === undefined) return prepared?.whole;
    return ifNoneMatch === prepared?.etag ? prepared.unchanged : undefined;
  }

  /** Undefined for a page with a field that cannot be sent: the long way says so. */
  #prepare(entry: Entry, known: KnownUrl, now: number): Answers | undefined {
    const { url, around, route } = known;
    const page = pageOf(entry);
    const cacheStatus = hitStatus(entry, now);
    const all = withVary(
      { ...around, date: new Date(now).toUTCString(), ...page.headers },
      around.vary,
      page.hasForms,
    );
    const headers = { ...all, age: String(ageOf(entry, now)), 'cache-status': cacheStatus };
    const unchanged = answerWith({ ...page, headers }, { 'if-none-match': '*' }).headers;
    const length = { 'content-length': String(page.body.byteLength) };
    const hit = { method: 'GET', url, route: route.url, cacheStatus } as const;
    const room = this.#newRequestId().length;
    try {
      return {
        known,
        from: now,
        until: now + (1000 - ((now - entry.storedAt) % 1000)),
        etag: page.headers.etag,
        whole: {
          response: prepareResponse(200, this.#head(200, { ...headers, ...length }, room), room, page.body),
          hit: { ...hit, status: 200 },
        },
        unchanged: {
          response: prepareResponse(304, this.#head(304, unchanged, room), room),
          hit: { ...hit, status: 304 },
        },
      };
    } catch {
      return undefined;
    }
  }

  #head(status: number, headers: Headers, room: number): Head {
    const lines = Object.entries(headers).map(([name, value = '']) => {
      validateHeaderValue(name, value);
      return `${name}: ${value}\r\n`;
    });
    const begin = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    const end = `${lines.join('')}${this.#keepAlive}\r\n`;
    return room === 0 ? [begin, end] : [`${begin}x-request-id: `, `\r\n${end}`];
  }
}

/** Whether it is a GET on a connection that goes on afterwards. */
function isPersistent(
  { method, httpVersionMajor, httpVersionMinor }: IncomingMessage,
  response: ServerResponse,
) {
  return method === 'GET' && httpVersionMajor === 1 && httpVersionMinor === 1 && response.shouldKeepAlive;
}

/** Whether every plain request gets the same of it. */
function isSentAlike(entry: Entry): boolean {
  if (signpostOf(entry)) return false;
  const { status, selectedBy } = pageOf(entry);
  return status === 200 && selectedBy === undefined;
}

function lacksForm(entry: Entry): boolean {
  const { hasForms, headers } = pageOf(entry);
  return hasForms === true && headers['content-encoding'] === undefined;
}
