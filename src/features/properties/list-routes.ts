import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest, FastifySchemaCompiler } from 'fastify';
import { Type } from 'typebox';
import { problemResponses, refTo, sendJson, withHeaders } from '../../http/index.ts';
import type { Url } from '../../http-cache/index.ts';
import { tooLargeToKeep } from '../../http-cache/index.ts';
import { fieldsOf } from '../../platform/index.ts';
import { countProperties, findProperties, listProperties } from './find-properties.ts';
import { getAllProperties } from './get-all-properties.ts';
import { type Filters, filterParameters, type ListQuery } from './lists/list-query.ts';
import { listStatement } from './lists/list-statements.ts';
import {
  CountQuerySchema,
  ListQuerySchema,
  listParameters,
  type Parsed,
  parseFilters,
  parseListQuery,
  type RawQuery,
} from './lists/parameters.ts';
import { CountSchema, PropertyListSchema } from './schemas.ts';
import { tagsOfList } from './tags.ts';

const tags = ['properties'];

const LINK = Type.String({ description: 'the next listings (RFC 8288), with a limit and before the last' });

/** How many buckets there are for lists with parameters, and how many for counts. */
const BUCKETS = 1_024;

/** A list that was requested with parameters, and is not paged, is kept up to this size. Bytes. */
const MAX_ASKED_BYTES = 4 * 1024 * 1024;

/** The JSON around the array, as in `PropertyListSchema`. */
const START = '{"properties":';
const END = '}';

/** `GET /properties/`, the whole list or what its parameters select, and `GET /properties/count/`. Every answer is a page. */
export const listRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { prisma, caches, config, rowStreams } = app;
  const ttl = config.PAGE_CACHE_TTL;

  app.get(
    '/properties/',
    {
      config: {
        pageCache: {
          ttl,
          buckets: BUCKETS,
          ...pageOf('/properties/', parseListQuery, listParameters, ({ filters }) => filters),
        },
      },
      validatorCompiler: validating(parseListQuery),
      schema: {
        tags,
        operationId: 'listListings',
        summary: 'Listings: all of them ordered by id, or those that the parameters ask for',
        querystring: ListQuerySchema,
        response: {
          200: withHeaders(refTo(PropertyListSchema), { Link: LINK }),
          ...problemResponses(400, 412, 503),
        },
      },
    },
    async (request, reply) => {
      const listQuery = parsedBy(parseListQuery, request);
      if (isPaged(listQuery)) return sendPage(listQuery, reply);
      const list = await (hasParameters(listQuery)
        ? listProperties(prisma, listQuery, MAX_ASKED_BYTES)
        : getAllProperties({ prisma, caches, ttl: config.DATA_CACHE_TTL }));
      if (list) return sendJson(reply, Buffer.concat([Buffer.from(START), list, Buffer.from(END)]));
      return sendJson(reply, tooLargeToKeep(await streamOf(listQuery, request)));
    },
  );

  app.get(
    '/properties/count/',
    {
      config: {
        pageCache: {
          ttl,
          buckets: BUCKETS,
          ...pageOf('/properties/count/', parseFilters, filterParameters, (filters) => filters),
        },
      },
      validatorCompiler: validating(parseFilters),
      schema: {
        tags,
        operationId: 'countListings',
        summary: 'How many listings there are, or how many pass the filters',
        querystring: CountQuerySchema,
        response: {
          200: refTo(CountSchema),
          ...problemResponses(400, 412, 503),
        },
      },
    },
    async (request) => ({ count: await countProperties(prisma, parsedBy(parseFilters, request)) }),
  );

  async function sendPage(listQuery: ListQuery & { limit: number }, reply: FastifyReply) {
    const { properties, next } = await findProperties(prisma, listQuery);
    if (next !== undefined) reply.header('link', `<${next}>; rel="next"`); // RFC 8288
    const end = Buffer.from(`,"next":${JSON.stringify(next ?? null)}${END}`);
    return sendJson(reply, Buffer.concat([Buffer.from(START), properties, end]));
  }

  async function streamOf(listQuery: ListQuery, { method }: FastifyRequest): Promise<Readable> {
    if (method === 'HEAD') return Readable.from([]);
    const { text, values } = listStatement(listQuery);
    return rowStreams.open(text, values, { start: `${START}[`, end: `]${END}` });
  }
};

type Parse<T> = (query: RawQuery) => Parsed<T>;

/** The key and the tags of the page of a URL: the same for every spelling of a list query; none for an invalid one. */
function pageOf<T extends object>(
  path: string,
  parse: Parse<T>,
  parametersOf: (value: T) => URLSearchParams,
  filtersOf: (value: T) => Filters,
) {
  const valueIn = ({ query }: Url): T | undefined => {
    const parsed = parse(fieldsOf(query));
    return 'value' in parsed ? parsed.value : undefined;
  };
  return {
    key(url: Url) {
      const value = valueIn(url);
      if (!value) return undefined;
      const parameters = parametersOf(value).toString();
      return parameters === '' ? path : `${path}?${parameters}`;
    },
    tags(url: Url) {
      const value = valueIn(url);
      return value && tagsOfList(filtersOf(value).locations);
    },
  };
}

/** Validates a query with the function that parses it, so that only one function knows what is valid. */
function validating<T>(parse: Parse<T>): FastifySchemaCompiler<unknown> {
  return () => (query) => {
    const parsed = parse(query);
    if ('value' in parsed) return true;
    const errors = parsed.errors.map(({ parameter, message }) => ({
      keyword: 'parameter',
      instancePath: '',
      schemaPath: '',
      params: { additionalProperty: parameter },
      message,
    }));
    return { error: errors };
  };
}

/** What a request asks. The cast: `validating` has refused what has errors instead. */
function parsedBy<T>(parse: Parse<T>, { query }: FastifyRequest): T {
  const { value } = parse(fieldsOf(query)) as { readonly value: T };
  return value;
}

const isPaged = (listQuery: ListQuery): listQuery is ListQuery & { limit: number } =>
  listQuery.limit !== undefined;

const hasParameters = (listQuery: ListQuery): boolean => listParameters(listQuery).size > 0;
