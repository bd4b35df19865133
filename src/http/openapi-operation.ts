import { STATUS_CODES } from 'node:http';
import type { FastifySchema, RouteOptions } from 'fastify';
import { fieldsOf } from '../platform/index.ts';
import { NDJSON } from './json-body.ts';
import { problemResponses } from './problem-schema.ts';

/** Header fields by name, each with its description, as @fastify/swagger takes them. */
type Fields = Readonly<Record<string, { readonly type: 'string' | 'integer'; readonly description: string }>>;

const EVERY_ANSWER: Fields = {
  'X-Request-Id': { type: 'string', description: 'what the log calls the request' },
};

/** Of every answer of a route with pages. */
const EVERY_PAGE: Fields = {
  'Cache-Status': { type: 'string', description: 'where the answer came from, and why (RFC 9211)' },
  'Cache-Control': { type: 'string', description: 'what other caches may do with it (RFC 9111)' },
};

/** Of a page, a part of it, or the news that it has not changed. */
const PAGE: Fields = {
  ETag: { type: 'string', description: 'the validator of this version, for If-None-Match and If-Match' },
  Age: { type: 'integer', description: 'seconds since it was made; only of an answer from the cache' },
  Vary: { type: 'string', description: 'the request fields that the answer depends on' },
};

const CONTENT_RANGE: Fields = {
  'Content-Range': { type: 'string', description: 'which bytes these are, and of how many' },
};

const RETRY_AFTER: Fields = {
  'Retry-After': { type: 'integer', description: 'seconds after which to try again' },
};

const WRITE_LIMIT: Fields = {
  'RateLimit-Limit': { type: 'integer', description: 'writes that this client may make in a minute' },
  'RateLimit-Remaining': { type: 'integer', description: 'those that are left' },
  'RateLimit-Reset': { type: 'integer', description: 'seconds until all are left again' },
};

const BY_STATUS: Readonly<Record<string, Fields>> = {
  401: { 'WWW-Authenticate': { type: 'string', description: 'Bearer (RFC 6750)' } },
  416: CONTENT_RANGE,
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};

const PAGE_BY_STATUS: Readonly<Record<string, Fields>> = {
  200: PAGE,
  206: { ...PAGE, ...CONTENT_RANGE },
  304: PAGE,
};

/** What the page layer answers besides the route (src/http-cache/). */
const PAGE_RESPONSES = {
  // Without a type of its content: clients that are made of the document would take it for the text of a 200.
  206: { description: 'The bytes of the 200 that Range asks for', type: 'null' },
  304: { description: 'The version that If-None-Match names is the current one', type: 'null' },
  ...problemResponses(416, 504),
};

/** What any request can be answered: what is wrong with its head or its way here, too much to do, or a bug of ours. */
const ANY_OTHER = { ...problemResponses(500)[500], description: 'Any other error' };

/** A route as the document has it, with everything that it can be answered: nothing is compiled of this schema. */
export function operationOf(schema: FastifySchema, { config }: RouteOptions): FastifySchema {
  const isPage = config?.pageCache !== undefined;
  const isWrite = schema.security !== undefined;
  const all = { ...fieldsOf(schema.response), ...(isPage && PAGE_RESPONSES), default: ANY_OTHER };
  const response = Object.entries(all).map(([status, described]) => {
    const answer = fieldsOf(described);
    const headers = {
      ...EVERY_ANSWER,
      ...(isWrite && WRITE_LIMIT),
      ...(isPage && { ...EVERY_PAGE, ...PAGE_BY_STATUS[status] }),
      ...BY_STATUS[status],
      ...fieldsOf(answer.headers),
    };
    return [status, { description: STATUS_CODES[status], ...answer, headers }];
  });
  const { body, consumes = [] } = schema;
  const isOfLines = consumes.includes(NDJSON[0]);
  return { ...schema, ...(isOfLines && { body: inLines(body) }), response: Object.fromEntries(response) };
}

/** A list as JSON and as a line for each: to Swagger UI both were one, with one example. */
function inLines(list: unknown) {
  const [listings] = [fieldsOf(list).examples].flat();
  const lines = {
    type: 'string',
    examples: [
      [listings]
        .flat()
        .map((each) => JSON.stringify(each))
        .join('\n'),
    ],
  };
  const content = [['application/json', list], ...NDJSON.map((type) => [type, lines])].map(
    ([type, schema]) => [type, { schema }],
  );
  return { content: Object.fromEntries(content) };
}
