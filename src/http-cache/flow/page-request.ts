import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entry } from '../../cache/index.ts';
import { pageOf } from '../pages/page.ts';
import type { FoundPage } from '../pages/reply-headers.ts';
import { type Headers, toHeaders } from '../rules/headers.ts';
import type { Missed, Search } from './finder.ts';

/** A request for a page, from its lookup to its answer: it is answered from the cache, or forwarded to the handler. */
export type PageRequest = FoundRequest | ForwardedRequest;

/** It is answered with the page that was found. */
export interface FoundRequest {
  readonly kind: 'found';
  readonly search: Search;
  readonly page: FoundPage;
}

/** Why the handler failed; `must-be-fresh` if that forbids to serve the last known answer. */
export type Failure = 'origin-away' | 'must-be-fresh';

/**
 * It is answered by the handler, and what that answers is kept if it may be. It is a leader: waiters wait for its fill, which
 * it settles once, with their entry or without one.
 */
export class ForwardedRequest {
  readonly kind = 'forwarded';
  readonly search: Search;
  readonly missed: Missed;
  /** The stored page that the handler is to confirm (a conditional request). */
  readonly confirming: Entry | undefined;
  readonly headersBefore: Headers;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  failure: Failure | undefined;
  #isSettled = false;

  constructor(search: Search, missed: Missed, { raw }: FastifyRequest, reply: FastifyReply, sentAt: number) {
    this.search = search;
    this.missed = missed;
    this.headersBefore = toHeaders(reply.getHeaders());
    this.sentAt = sentAt;
    const isOurs = search.route.ttl === undefined && missed.fill !== undefined;
    this.confirming = isOurs ? askForWholePage(raw.headers, missed.refused) : undefined;
  }

  /** Only the first call counts: later ones make sure that there was one. */
  settle(entry?: Entry): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.missed.fill?.settle(entry);
  }
}

/**
 * Makes the request one for the whole page, whatever of it the client has, or one to confirm the page that is stored
 * (RFC 9111 §4.3.1): the client's own conditions are applied to the page afterwards.
 */
function askForWholePage(
  headers: FastifyRequest['raw']['headers'],
  stored: Entry | undefined,
): Entry | undefined {
  for (const name of ['if-none-match', 'if-modified-since', 'range', 'if-range']) delete headers[name];
  if (!stored) return undefined;
  const { headers: known, ownEtag } = pageOf(stored);
  if (known.etag !== undefined && !ownEtag) headers['if-none-match'] = known.etag;
  if (known['last-modified'] !== undefined) headers['if-modified-since'] = known['last-modified'];
  return stored;
}
