import { pipeline, Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entry, EntryCache } from '../../cache/index.ts';
import { answerWith } from '../pages/answer.ts';
import { isCompressible } from '../pages/compression.ts';
import { Copy, isTooLarge } from '../pages/copy.ts';
import type { EncodedVariants } from '../pages/encoded-variants.ts';
import { ageOf, type Page, pageOf } from '../pages/page.ts';
import { pageHeaders, sendAnswer } from '../pages/reply-headers.ts';
import { type Forwarded, forwardStatus } from '../rules/cache-status.ts';
import { etagOf } from '../rules/etag.ts';
import { toHeaders } from '../rules/headers.ts';
import { preferenceOf } from './finder.ts';
import { lastKnownAnswer } from './last-known.ts';
import type { ForwardedRequest } from './page-request.ts';
import {
  confirmed,
  entriesFor,
  type Response,
  type StoragePolicy,
  storagePolicyOf,
} from './storage-policy.ts';

/** A handler's response, with the request that it answers. */
interface Answered {
  readonly page: ForwardedRequest;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly response: Response;
}

/** A longer stream is sent and not kept: until its end it would take as much memory. Bytes. */
const MAX_STREAM_BYTES = 4 * 1024 * 1024;

type Made = Pick<Page, 'status' | 'headers' | 'body' | 'ownEtag' | 'selectedBy'>;

/**
 * What becomes of a handler's response: its storage policy is decided once, it is kept if it may be, and sent as the client
 * asked for it. The waiters are settled in every case, as soon as it is known whether there is an entry for them.
 */
export class Responder {
  readonly #pages: EntryCache;
  readonly #encodedVariants: EncodedVariants;
  readonly #now: () => number;
  /** Pages that are being copied from a stream: one copy of each at a time. */
  readonly #copying = new Set<string>();

  constructor(pages: EntryCache, encodedVariants: EncodedVariants, now: () => number) {
    this.#pages = pages;
    this.#encodedVariants = encodedVariants;
    this.#now = now;
  }

  async send(
    page: ForwardedRequest,
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ): Promise<unknown> {
    const response = responseOf(page, reply);
    const answered = { page, request, reply, response };
    const { status } = response;
    if (status >= 500) {
      page.settle();
      const stale = await lastKnownAnswer(this.#pages, this.#encodedVariants, page, status, this.#now());
      if (stale) {
        discard(payload);
        return this.#sendStale(answered, stale);
      }
    }
    if (status === 304 && page.confirming) {
      discard(payload);
      return this.#sendConfirmed(answered, page.confirming);
    }
    const policy = storagePolicyOf(page.search, response, this.#now());
    if (policy && payload instanceof Readable) return this.#sendStream(answered, policy, payload);
    const body = bodyOf(payload);
    if (policy && body) return this.#sendPage(answered, policy, { ...pageIn(response), body });
    page.settle();
    reply.header('cache-status', forwardStatus(page.missed.reason));
    return payload;
  }

  /** The last known answer, where an error would be sent otherwise (RFC 5861 §4). */
  #sendStale(answered: Answered, entry: Entry): unknown {
    const { reply, response } = answered;
    for (const name of Object.keys(response.headers)) reply.removeHeader(name);
    reply.header('age', ageOf(entry, this.#now()));
    return this.#answer(answered, pageOf(entry), { status: response.status, detail: 'stale-if-error' });
  }

  /** The page that was stored, with what the 304 says of it. */
  #sendConfirmed(answered: Answered, stored: Entry): unknown {
    const { page, response } = answered;
    const made = confirmed(stored, response);
    const { status, headers } = made;
    const all = { ...response.all, ...headers };
    const policy = storagePolicyOf(page.search, { ...response, status, headers, all }, this.#now());
    return this.#sendPage(answered, policy, made, { status: 304 });
  }

  #sendPage(
    answered: Answered,
    policy: StoragePolicy | undefined,
    made: Made,
    forwarded: Forwarded = {},
  ): unknown {
    const { search, missed } = answered.page;
    const whole = completed(made, search.route.compress);
    const entry = this.#keep(answered, policy, whole);
    if (entry) this.#encodedVariants.encodeFor(preferenceOf(search), missed.key, entry);
    return this.#answer(answered, whole, { stored: entry !== undefined, ...forwarded });
  }

  /** Kept when its last byte has come. Waiters are settled before, and go to the handler themselves. */
  #sendStream(answered: Answered, policy: StoragePolicy, payload: Readable): unknown {
    const { page, reply, response } = answered;
    const { key, reason } = page.missed;
    page.settle();
    if (isTooLarge(payload)) {
      reply.header('cache-status', forwardStatus(reason, { detail: 'too-large' }));
      return payload;
    }
    reply.header('cache-status', forwardStatus(reason, { detail: 'streaming' }));
    if (this.#copying.has(key)) return payload;
    this.#copying.add(key);
    const length = reply.getHeader('content-length');
    const copy = new Copy(MAX_STREAM_BYTES, (body) => {
      const isComplete = length === undefined || Number(length) === body.byteLength;
      const made = { ...pageIn(response), body };
      if (isComplete) this.#keep(answered, policy, completed(made, page.search.route.compress));
    });
    return pipeline(payload, copy, () => this.#copying.delete(key));
  }

  /**
   * Keeps the page where the next lookup will find it, and hands its entry to the waiters. If its own client has gone, the
   * page is handed to the waiters only. Returns the entry if it is being kept.
   */
  #keep({ page, request }: Answered, policy: StoragePolicy | undefined, whole: Page): Entry | undefined {
    const { search, missed } = page;
    const kept = policy && entriesFor(search, missed.fill, whole, policy);
    if (!kept) {
      page.settle();
      return undefined;
    }
    const { entry, entries, isVariant } = kept;
    if (request.socket.destroyed) {
      page.settle(isVariant ? undefined : entry);
      return undefined;
    }
    const isKept = [...entries].map(([key, each]) => this.#pages.keep(key, each, policy.past));
    page.settle(entries.get(missed.key));
    return isKept[0] ? entry : undefined;
  }

  #answer({ page, request, reply }: Answered, whole: Page, forwarded: Forwarded): unknown {
    reply.header('cache-status', forwardStatus(page.missed.reason, forwarded));
    return sendAnswer({ answer: answerWith(whole, page.search.cacheRequest.headers), whole }, request, reply);
  }
}

/** With what every page carries: a validator, and whether there are other codings of it. */
function completed(made: Made, compress: boolean): Page {
  const { status, headers, body } = made;
  const ownEtag = made.ownEtag ?? (status === 200 && headers.etag === undefined);
  const hasEncodedVariants = compress && isCompressible(made);
  return {
    ...made,
    headers: ownEtag ? { etag: etagOf(body), ...headers } : headers,
    hasEncodedVariants,
    ownEtag,
  };
}

function responseOf({ headersBefore, sentAt }: ForwardedRequest, reply: FastifyReply): Response {
  const all = toHeaders(reply.getHeaders());
  return { status: reply.statusCode, headers: pageHeaders(all, headersBefore), all, sentAt };
}

const pageIn = ({ status, headers }: Response) => ({ status, headers });

/** A stream that is not read would hold its connection for ever. */
function discard(payload: unknown): void {
  if (payload instanceof Readable) payload.on('error', () => {}).resume();
}

function bodyOf(payload: unknown): Buffer | undefined {
  if (Buffer.isBuffer(payload)) return payload;
  return typeof payload === 'string' ? Buffer.from(payload) : undefined;
}
