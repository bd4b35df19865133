import { type Directives, MAX_SECONDS, type Rules, secondsOf } from './cache-control.ts';
import { type Headers, parseHttpDate } from './headers.ts';

/** What may be done with a response, decided once, when it is stored. All in seconds. */
export interface Freshness {
  /** For how long it is fresh from now on; not above 0: only after its origin has confirmed it. */
  readonly ttl: number;
  /** How old it was when it came. */
  readonly age: number;
  /** For how long after its ttl it may be served while it is refreshed, and when its origin fails (RFC 5861). */
  readonly whileRevalidate: number;
  readonly ifError: number;
  /** It is never served stale, whatever the request allows (RFC 9111 §5.2.2.2). */
  readonly mustRevalidate: boolean;
}

/** A response, and when its request was forwarded and it was received. */
export interface ReceivedResponse {
  readonly rules: Rules;
  readonly status: number;
  readonly headers: Headers;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

/** Statuses that may be kept without headers on freshness (RFC 9110 §15.1); 206 is not kept at all. */
const HEURISTIC = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/** The most that heuristic freshness, a tenth of the time since the last change, may come to. Seconds. */
const MAX_HEURISTIC = 24 * 60 * 60;

/** Whether a shared cache may keep the response, whether its route or its headers decide on its freshness (RFC 9111 §3). */
export function isStorable(status: number, headers: Headers, directives: Directives): boolean {
  if (status === 206 || status === 304 || status < 200) return false;
  if (headers['set-cookie'] !== undefined || /(^|,)\s*\*\s*(,|$)/.test(headers.vary ?? '')) return false;
  if (directives.has('private')) return false;
  return directives.has('must-understand') ? HEURISTIC.has(status) : !directives.has('no-store');
}

/** Whether the response to a request with these headers may be kept for others (RFC 9111 §3.5). */
export function isShareable({ authorization }: Headers, directives: Directives): boolean {
  if (authorization === undefined) return true;
  return ['public', 's-maxage', 'must-revalidate'].some((name) => directives.has(name));
}

/** What the headers of a storable response say (RFC 9111 §4.2); undefined: it could never be used. */
export function freshnessOf(received: ReceivedResponse): Freshness | undefined {
  const { headers, status, rules } = received;
  const { directives } = rules;
  const lifetime = lifetimeOf(received);
  const validator = headers.etag ?? headers['last-modified'];
  if (lifetime === undefined && (validator === undefined || !HEURISTIC.has(status))) return undefined;
  const age = ageOf(received);
  const left = (lifetime ?? 0) - age;
  const freshness = {
    ttl: directives.has('no-cache') ? Math.min(left, 0) : left,
    age,
    whileRevalidate: secondsOf(directives, 'stale-while-revalidate') ?? 0,
    ifError: secondsOf(directives, 'stale-if-error') ?? 0,
    mustRevalidate: ['no-cache', 'must-revalidate', 'proxy-revalidate', 's-maxage'].some((name) =>
      directives.has(name),
    ),
  };
  const stays = freshness.mustRevalidate ? 0 : Math.max(freshness.whileRevalidate, freshness.ifError);
  return validator !== undefined || freshness.ttl + stays > 0 ? freshness : undefined;
}

/** Seconds for which the response is fresh from its generation on (RFC 9111 §4.2.1, §4.2.2). */
function lifetimeOf({ rules, headers, status, receivedAt }: ReceivedResponse): number | undefined {
  const { directives, expires } = rules;
  const stated = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age');
  if (stated !== undefined) return stated;
  const date = parseHttpDate(headers.date) ?? receivedAt;
  if (expires !== undefined) return ((parseHttpDate(expires) ?? date) - date) / 1000;
  const modified = parseHttpDate(headers['last-modified']);
  if (modified === undefined || !(HEURISTIC.has(status) || directives.has('public'))) return undefined;
  return Math.min(Math.max(0, (date - modified) / 10_000), MAX_HEURISTIC);
}

/** How old the response is already (RFC 9111 §4.2.3). */
function ageOf({ headers, sentAt, receivedAt }: ReceivedResponse): number {
  const date = parseHttpDate(headers.date) ?? receivedAt;
  const [first = ''] = (headers.age ?? '').split(',');
  const stated = /^\s*\d+\s*$/.test(first) ? Math.min(Number(first), MAX_SECONDS) : 0;
  return Math.max(0, (receivedAt - date) / 1000, stated + (receivedAt - sentAt) / 1000);
}
