import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entry } from '../../cache/store.ts';
import type { Missed, Search } from './finder.ts';
import { type Headers, toHeaders } from './headers.ts';
import { pageOf } from './page.ts';

/** A request that the cache could not answer, on its way to the handler and back. */
export interface Forwarding {
  readonly search: Search;
  readonly missed: Missed;
  /** The stored page that the handler is asked to confirm. */
  readonly confirming: Entry | undefined;
  readonly headersBefore: Headers;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  /** The handler threw; `must-be-fresh` if that forbids to serve the last known answer. */
  failed?: 'origin-away' | 'must-be-fresh';
}

export function forward(
  search: Search,
  missed: Missed,
  { raw }: FastifyRequest,
  reply: FastifyReply,
  sentAt: number,
): Forwarding {
  const headersBefore = toHeaders(reply.getHeaders());
  const isOurs = search.route.ttl === undefined && missed.fill !== undefined;
  const confirming = isOurs ? askForWholePage(raw.headers, missed.refused) : undefined;
  return { search, missed, confirming, headersBefore, sentAt };
}

/** Leads no longer, kept or not: whoever waits for the page goes on. */
export function settle({ missed }: Forwarding): void {
  missed.fill?.settle();
}

/**
 * The handler is asked for the whole page, whatever of it the client has, or to confirm the one that is stored
 * (RFC 9111 §4.3.1): the client's own conditions are met when the page is there.
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
