import type { Job, SentRequest } from './load/job.ts';
import type { Encoding, Page } from './pages.ts';
import { accepting, get, invalidation, LIST } from './requests.ts';
import type { Server } from './server.ts';
import type { Setting } from './setting.ts';

/** What is measured, in the order of the tables. */
export type CaseName = ThroughputName | TimeName | 'beside';

export const THROUGHPUT = {
  nodeHttp: 'node:http, prebuilt buffer',
  fastify: 'Fastify, prebuilt buffer',
  silent: 'hit, no request log',
  hit: 'hit',
  slowPath: 'hit, fast path off',
  notModified: '304',
  remote: 'hit, CACHE_LOCAL=off',
  redisGet: 'Fastify, one redis.get',
} as const;
export type ThroughputName = keyof typeof THROUGHPUT;

export const TIMES = {
  miss: 'miss',
  noCache: 'the same route, no page cache',
  first: 'first answer after an invalidation',
  select: 'pg + JSON.stringify',
} as const;
export type TimeName = keyof typeof TIMES;

export interface Case {
  readonly name: CaseName;
  readonly encoding: Encoding;
  readonly server: Server;
  readonly job: Omit<Job, 'port' | 'milliseconds'>;
}

/** Of how many connections throughput is measured; of fewer where a page is of megabytes. */
export const connectionsFor = (rows: number): number => (rows < 10_000 ? 50 : 8);

/** How other hits are asked for beside a fill: far from all that the server could answer. */
const BESIDE = { connections: 20, rate: 1_000 } as const;

/** In `Cache-Status` (RFC 9211). */
const HIT = '; hit';
const MISS = '; fwd=';

export function casesOf(setting: Setting): readonly Case[] {
  const { identity, gzip } = setting.pages;
  return [
    ...(identity ? throughputCases(setting, 'identity', identity) : []),
    ...(gzip ? throughputCases(setting, 'gzip', gzip) : []),
    ...timeCases(setting),
    { name: 'beside', encoding: 'identity', server: setting.servers.service, job: besideFills() },
  ];
}

function throughputCases({ rows, servers }: Setting, encoding: Encoding, { body, etag }: Page): Case[] {
  const head = encoding === 'identity' ? [] : [`content-encoding: ${encoding}`];
  const accept = accepting(encoding);
  const full = { status: 200, length: body.length };
  const bare: SentRequest = { ...full, text: get(`/${encoding}`, accept), head };
  const hit: SentRequest = { ...full, text: get(LIST, accept), head: [HIT, ...head] };
  const known = get(LIST, { ...accept, 'if-none-match': etag });
  const notModified: SentRequest = { status: 304, text: known, head: [HIT] };
  const of = (name: ThroughputName, server: Server, request: SentRequest): Case => {
    return { name, encoding, server, job: { request, connections: connectionsFor(rows) } };
  };
  return [
    of('nodeHttp', servers.nodeHttp, bare),
    of('fastify', servers.fastify, bare),
    of('silent', servers.silent, hit),
    of('hit', servers.service, hit),
    of('slowPath', servers.slowPath, hit),
    of('notModified', servers.service, notModified),
    of('remote', servers.remote, hit),
    of('redisGet', servers.redisGet, bare),
  ];
}

/** One request after the other. */
function timeCases({ pages, servers }: Setting): Case[] {
  const whole = { status: 200, length: pages.identity?.body.length ?? 0 };
  const rows: SentRequest = { ...whole, text: get('/rows/?n={n}'), head: [] };
  const before = { port: servers.service.port, request: invalidation() };
  const fresh: SentRequest = { ...whole, text: get(LIST), head: [MISS] };
  const of = (name: TimeName, server: Server, job: Pick<Job, 'request' | 'before'>): Case => {
    return { name, encoding: 'identity', server, job: { ...job, connections: 1 } };
  };
  return [
    of('miss', servers.pageCache, { request: { ...rows, head: [MISS] } }),
    of('noCache', servers.noCache, { request: rows }),
    of('first', servers.service, { request: fresh, before }),
    of('select', servers.select, { request: rows, before }),
  ];
}

/** Hits of one listing while the list is filled and compressed. */
function besideFills(): Case['job'] {
  const page: SentRequest = { status: 200, text: get(LIST, accepting('br')), head: [] };
  const compressed = { ...page, head: ['content-encoding: br'] };
  const request: SentRequest = { status: 200, text: get('/properties/1/'), head: [HIT] };
  return { ...BESIDE, request, beside: { invalidate: invalidation(), page, compressed } };
}
