import { pipeline, Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Cache } from '../../cache/cache.ts';
import type { Entry } from '../../cache/store.ts';
import { answerWith } from './answer.ts';
import { type Forwarded, forwardStatus } from './cache-status.ts';
import { isCompressible } from './compression.ts';
import { Copy, isTooLarge } from './copy.ts';
import { etagOf } from './etag.ts';
import type { Forms } from './forms.ts';
import { type Forwarding, settle } from './forwarding.ts';
import { toHeaders } from './headers.ts';
import { confirmed, judge, keep, type Response } from './keeper.ts';
import { lastAnswer } from './last-answer.ts';
import { ageOf, type Page, pageOf } from './page.ts';
import { pageHeaders, sendAnswer } from './reply-headers.ts';

/** A handler's response, on its way to the client. */
interface Exchange {
  readonly page: Forwarding;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly response: Response;
}

/** A longer stream is sent and not kept: until its end it would take as much memory. Bytes. */
const MAX_STREAM_BYTES = 4 * 1024 * 1024;

type Made = Pick<Page, 'status' | 'headers' | 'body' | 'ownEtag' | 'selectedBy'>;

/** What becomes of a handler's response: it is kept if it may be, and sent as the client asked for it. */
export class Outgoing {
  readonly #pages: Cache;
  readonly #forms: Forms;
  readonly #now: () => number;
  /** Pages that are being copied from a stream: one copy of each at a time. */
  readonly #copying = new Set<string>();

  constructor(pages: Cache, forms: Forms, now: () => number) {
    this.#pages = pages;
    this.#forms = forms;
    this.#now = now;
  }

  async send(
    page: Forwarding,
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ): Promise<unknown> {
    const exchange = { page, request, reply, response: responseOf(page, reply) };
    const { status } = exchange.response;
    if (status >= 500) {
      settle(page);
      const stale = await lastAnswer(this.#pages, this.#forms, page, status, this.#now());
      if (stale) {
        discard(payload);
        return this.#sendStale(exchange, stale);
      }
    }
    if (status === 304 && page.confirming) {
      discard(payload);
      return this.#sendPage(exchange, confirmed(page.confirming, exchange.response));
    }
    const isPage = judge(page.search, exchange.response, this.#now()) !== undefined;
    if (isPage && payload instanceof Readable) return this.#sendStream(exchange, payload);
    const body = bodyOf(payload);
    if (isPage && body) return this.#sendPage(exchange, { ...pageIn(exchange.response), body });
    settle(page);
    reply.header('cache-status', forwardStatus(page.missed.reason));
    return payload;
  }

  /** The last known answer, where an error would be sent otherwise (RFC 5861 §4). */
  #sendStale(exchange: Exchange, entry: Entry): unknown {
    const { reply, response } = exchange;
    for (const name of Object.keys(response.headers)) reply.removeHeader(name);
    reply.header('age', ageOf(entry, this.#now()));
    return this.#answer(exchange, pageOf(entry), { status: response.status, detail: 'stale-if-error' });
  }

  #sendPage(exchange: Exchange, made: Made): unknown {
    const { page, response } = exchange;
    const { search, missed } = page;
    const whole = this.#complete(exchange, made);
    const entry = this.#keep(exchange, whole);
    settle(page);
    if (entry) this.#forms.makeFor(search, missed.key, entry);
    const isConfirmed = response.status === 304;
    return this.#answer(exchange, whole, {
      stored: entry !== undefined,
      ...(isConfirmed && { status: 304 }),
    });
  }

  /** Kept when its last byte has come; nobody waits for that. */
  #sendStream(exchange: Exchange, payload: Readable): unknown {
    const { page, reply, response } = exchange;
    const { key } = page.missed;
    settle(page);
    if (isTooLarge(payload)) {
      reply.header('cache-status', forwardStatus(page.missed.reason, { detail: 'too-large' }));
      return payload;
    }
    reply.header('cache-status', forwardStatus(page.missed.reason, { detail: 'streaming' }));
    if (this.#copying.has(key)) return payload;
    this.#copying.add(key);
    const length = reply.getHeader('content-length');
    const copy = new Copy(MAX_STREAM_BYTES, (body) => {
      const isComplete = length === undefined || Number(length) === body.byteLength;
      if (isComplete) this.#keep(exchange, this.#complete(exchange, { ...pageIn(response), body }));
    });
    return pipeline(payload, copy, () => this.#copying.delete(key));
  }

  /** With what every page carries: a validator, and whether there are other codings of it. */
  #complete({ page }: Exchange, made: Made): Page {
    const { status, headers, body } = made;
    const ownEtag = made.ownEtag ?? (status === 200 && headers.etag === undefined);
    const hasForms = page.search.route.compress && isCompressible(made);
    return { ...made, headers: ownEtag ? { etag: etagOf(body), ...headers } : headers, hasForms, ownEtag };
  }

  #keep({ page, request, response }: Exchange, whole: Page): Entry | undefined {
    const { search, missed } = page;
    const { status, headers } = whole;
    const all = { ...response.all, ...headers };
    const verdict = judge(search, { ...response, status, headers, all }, this.#now());
    return verdict && keep(this.#pages, search, missed, whole, verdict, request.socket.destroyed);
  }

  #answer({ page, request, reply }: Exchange, whole: Page, forwarded: Forwarded): unknown {
    reply.header('cache-status', forwardStatus(page.missed.reason, forwarded));
    return sendAnswer({ answer: answerWith(whole, page.search.asked.headers), whole }, request, reply);
  }
}

function responseOf({ headersBefore, sentAt }: Forwarding, reply: FastifyReply): Response {
  const all = toHeaders(reply.getHeaders());
  return { status: reply.statusCode, headers: pageHeaders(all, headersBefore), all, sentAt };
}

const pageIn = ({ status, headers }: Response) => ({ status, headers });

/** A stream that nobody reads would hold its connection for ever. */
function discard(payload: unknown): void {
  if (payload instanceof Readable) payload.on('error', () => {}).resume();
}

function bodyOf(payload: unknown): Buffer | undefined {
  if (Buffer.isBuffer(payload)) return payload;
  return typeof payload === 'string' ? Buffer.from(payload) : undefined;
}
