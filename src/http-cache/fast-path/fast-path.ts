import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderValue,
} from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Entry, EntryCache, Tier } from '../../cache/index.ts';
import { answerWith } from '../pages/answer.ts';
import type { EncodedVariants } from '../pages/encoded-variants.ts';
import { ageOf, pageOf, ttlOf, varyMarkerOf } from '../pages/page.ts';
import { withVary } from '../pages/reply-headers.ts';
import type { PageId, PageRoute } from '../pages/route.ts';
import { hitStatus } from '../rules/cache-status.ts';
import type { Headers } from '../rules/headers.ts';
import { plainRequest } from './plain-request.ts';
import { type Head, type Prepared, prepareResponse, sendPrepared } from './prepared-response.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers a request, or hands it to the next stage, now or later. */
export type Stage = (request: IncomingMessage, response: ServerResponse, next: Handler) => void;

/** A hit on the fast path, which passes no hook of the application: equal hits are the same object. */
export interface FastPathHit {
  readonly method: 'GET';
  readonly url: string;
  /** As it was declared: `/properties/:id/`. */
  readonly route: string;
  readonly status: 200 | 304;
  readonly cacheStatus: string;
}

/** Called with a hit on the fast path, how many milliseconds it took, and the request's id. */
export type FastPathListener = (hit: FastPathHit, elapsed: number, requestId: string) => void;

/** A URL for which the slow path has sent a page. */
interface KnownUrl {
  readonly url: string;
  readonly route: PageRoute;
  readonly id: PageId;
  /** What hooks of the application added to the page's own fields. */
  readonly around: Headers;
}

/** The responses that are sent for an entry from one moment to another: its age is in them, and the URL that was requested. */
interface Answers {
  readonly known: KnownUrl;
  readonly from: number;
  readonly until: number;
  readonly etag: string | undefined;
  readonly whole: PreparedAnswer;
  readonly unchanged: PreparedAnswer;
}

interface PreparedAnswer {
  readonly response: Prepared;
  readonly hit: FastPathHit;
}

/** How many URLs are remembered, and how long one may be: what clients send must not fill the memory. Characters. */
const MAX_URLS = 4_096;
const MAX_URL_LENGTH = 512;

/** The memory that prepared responses may take, and what one takes besides its own length. Bytes. */
const MAX_PREPARED_BYTES = 8 * 1024 * 1024;
const PREPARED_OVERHEAD_BYTES = 4 * 1024;

export interface FastPathDependencies {
  readonly pages: EntryCache;
  readonly encodedVariants: EncodedVariants;
  readonly now: () => number;
  readonly answered: FastPathListener;
  /** Request ids: all of one length, of letters, digits and `-`; of length 0 where requests have none. */
  readonly newRequestId?: () => string;
  /** How many URLs are remembered. */
  readonly maxUrls?: number;
}

/**
 * The fast path: plain hits are answered before Fastify's router, which costs more than the rest of a hit: three times as
 * many small pages are sent as without it (`npm run bench`, "hit, fast path off"). Every other
 * request takes the slow path: router, hooks and handlers.
 *
 * 1. It answers only what the slow path has answered before: a URL is remembered when a page was sent for it, and matched
 *    byte for byte. It may be forgotten at any time. A request that is not known or not understood takes the slow path.
 * 2. A request is plain if nothing in it but `If-None-Match` and `Accept-Encoding` could change the answer.
 * 3. The entry is looked up as on the slow path, so it is served only while its tokens are current.
 * 4. No hook runs. The fields that hooks added when the slow path sent the page are sent again.
 */
export class FastPath {
  readonly #pages: EntryCache;
  readonly #encodedVariants: EncodedVariants;
  readonly #now: () => number;
  readonly #answered: FastPathListener;
  readonly #newRequestId: () => string;
  readonly #urls: LRUCache<string, KnownUrl>;
  readonly #prepared = new LRUCache<Entry, Answers>({
    maxSize: MAX_PREPARED_BYTES,
    sizeCalculation: ({ whole }, { value }) =>
      value.body.byteLength + whole.response.bytes.byteLength + PREPARED_OVERHEAD_BYTES,
  });
  #keepAlive = '';
  #closed = false;

  constructor(options: FastPathDependencies) {
    const { pages, encodedVariants, now, answered, newRequestId = () => '', maxUrls = MAX_URLS } = options;
    this.#pages = pages;
    this.#encodedVariants = encodedVariants;
    this.#now = now;
    this.#answered = answered;
    this.#newRequestId = newRequestId;
    this.#urls = new LRUCache({ max: maxUrls });
  }

  /** The stage to put before the server's router. */
  stage({ keepAliveTimeout }: Pick<Server, 'keepAliveTimeout'>): Stage {
    const seconds = Math.floor(keepAliveTimeout / 1000);
    this.#keepAlive = `Connection: keep-alive\r\n${seconds > 0 ? `Keep-Alive: timeout=${seconds}\r\n` : ''}`;
    return (request, response, next) => this.#handle(request, response, next);
  }

  /** Every request takes the slow path from now on. */
  close(): void {
    this.#closed = true;
  }

  /** Remembers the URL of a page that the slow path has sent, unless the same page could differ from request to request. */
  remember(url: string, route: PageRoute, id: PageId, around: Headers): void {
    if (url.length > MAX_URL_LENGTH || around['set-cookie'] !== undefined) return;
    if (around.vary !== undefined && around.vary.toLowerCase() !== 'accept-encoding') return;
    if (this.#urls.get(url)?.id.key !== id.key) this.#urls.set(url, { url, route, id, around });
  }

  /** Written for speed: what is done here is done for every request to the server. */
  #handle(request: IncomingMessage, response: ServerResponse, slowPath: Handler): void {
    const known = this.#closed ? undefined : this.#urls.get(String(request.url));
    const plain = known && isPersistent(request, response) ? plainRequest(request.rawHeaders) : undefined;
    if (!known || !plain || (plain.hasDirectives && known.route.ttl === undefined)) {
      slowPath(request, response);
      return;
    }
    const began = performance.now();
    const { id, route } = known;
    const encodedKey = route.compress
      ? this.#encodedVariants.preferred(id.key, plain.acceptEncoding)
      : undefined;
    if (this.#pages.hasMemory) {
      const answer = this.#answerWith(this.#peekLocal(encodedKey, id), known, encodedKey, plain.ifNoneMatch);
      if (answer) this.#send(answer, response, began, 'local');
      else slowPath(request, response);
      return;
    }
    void this.#pages.peek(encodedKey ?? id.key, id.tags).then((entry) => {
      const answer = this.#answerWith(entry, known, encodedKey, plain.ifNoneMatch);
      if (answer) this.#send(answer, response, began);
      else slowPath(request, response);
    });
  }

  #send(
    { response: prepared, hit }: PreparedAnswer,
    response: ServerResponse,
    began: number,
    tier?: Tier,
  ): void {
    const id = this.#newRequestId();
    sendPrepared(response, prepared, id);
    this.#pages.hit(tier);
    this.#answered(hit, performance.now() - began, id);
  }

  #peekLocal(encodedKey: string | undefined, { key, tags }: PageId): Entry | undefined {
    return (
      (encodedKey === undefined ? undefined : this.#pages.peekLocal(encodedKey, tags)) ??
      this.#pages.peekLocal(key, tags)
    );
  }

  /** Undefined for what takes the slow path: also a page that lacks the encoded variant, which is made there. */
  #answerWith(
    entry: Entry | undefined,
    known: KnownUrl,
    encodedKey: string | undefined,
    ifNoneMatch: string | undefined,
  ): PreparedAnswer | undefined {
    if (!entry) return undefined;
    const now = this.#now();
    if (encodedKey !== undefined && lacksEncoding(entry)) return undefined;
    let prepared = this.#prepared.get(entry);
    if (prepared?.known !== known || now < prepared.from || now >= prepared.until) {
      prepared = isSentAlike(entry) ? this.#prepare(entry, known, now) : undefined;
      if (prepared) this.#prepared.set(entry, prepared);
    }
    if (ifNoneMatch === undefined) return prepared?.whole;
    return ifNoneMatch === prepared?.etag ? prepared.unchanged : undefined;
  }

  /** Undefined for a page with a field that cannot be sent: the slow path says so. */
  #prepare(entry: Entry, known: KnownUrl, now: number): Answers | undefined {
    const { url, around, route } = known;
    const page = pageOf(entry);
    const cacheStatus = hitStatus(ttlOf(entry, now));
    const all = withVary(
      { ...around, date: new Date(now).toUTCString(), ...page.headers },
      around.vary,
      page.hasEncodedVariants,
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

/** Whether the request is a GET on a connection that stays open afterwards. */
function isPersistent(
  { method, httpVersionMajor, httpVersionMinor }: IncomingMessage,
  response: ServerResponse,
) {
  return method === 'GET' && httpVersionMajor === 1 && httpVersionMinor === 1 && response.shouldKeepAlive;
}

/** Whether every plain request is sent the same response for this entry. */
function isSentAlike(entry: Entry): boolean {
  if (varyMarkerOf(entry)) return false;
  const { status, selectedBy } = pageOf(entry);
  return status === 200 && selectedBy === undefined;
}

function lacksEncoding(entry: Entry): boolean {
  const { hasEncodedVariants, headers } = pageOf(entry);
  return hasEncodedVariants === true && headers['content-encoding'] === undefined;
}
