import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest, FastifySchemaCompiler } from 'fastify';
import { Type } from 'typebox';
import { tooLargeToKeep } from '../plugins/page-cache/index.ts';
import type { Url } from '../plugins/page-cache/key.ts';
import { problemResponses } from '../problem-schema.ts';
import { countProperties, findProperties, listProperties } from './find-properties.ts';
import { getAllProperties } from './get-all-properties.ts';
import { listStatement } from './question/list-statements.ts';
import {
  CountQuerySchema,
  ListQuerySchema,
  type Parsed,
  parseFilters,
  parseQuestion,
  questionParameters,
  type RawQuery,
} from './question/parameters.ts';
import { type Filters, filterParameters, type Question } from './question/question.ts';
import { PropertyListSchema } from './schemas.ts';
import { tagsOfList } from './tags.ts';

const tags = ['properties'];

/** Pages of questions that are kept, of lists and of counts each. */
const PLACES = 1_024;

/** A list that was asked for with parameters, and is not paged, is kept up to this size. Bytes. */
const MAX_ASKED_BYTES = 4 * 1024 * 1024;

/** What is around the array: `PropertyListSchema`. */
const START = '{"properties":';
const END = '}';

/** `GET /properties/`, whole or as what its parameters ask for, and how many that would be. Every answer is a page. */
export const listRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { prisma, caches, config, rowStreams } = app;
  const ttl = config.PAGE_CACHE_TTL;

  app.get(
    '/properties/',
    {
      config: {
        pageCache: {
          ttl,
          places: PLACES,
          ...pageOf('/properties/', parseQuestion, questionParameters, ({ filters }) => filters),
        },
      },
      validatorCompiler: validating(parseQuestion),
      schema: {
        tags,
        summary: 'Listings: all of them ordered by id, or those that the parameters ask for',
        querystring: ListQuerySchema,
        response: { 200: PropertyListSchema, ...problemResponses(400, 503) },
      },
    },
    async (request, reply) => {
      const question = asked(parseQuestion, request);
      reply.type('application/json; charset=utf-8');
      if (isPaged(question)) return sendPage(question, reply);
      const list = await (hasParameters(question)
        ? listProperties(prisma, question, MAX_ASKED_BYTES)
        : getAllProperties({ prisma, caches, ttl: config.DATA_CACHE_TTL }));
      if (list) return reply.send(Buffer.concat([Buffer.from(START), list, Buffer.from(END)]) as never); // Of the schema's shape, but bytes.
      return reply.send(tooLargeToKeep(await streamOf(question, request)) as never);
    },
  );

  app.get(
    '/properties/count/',
    {
      config: {
        pageCache: {
          ttl,
          places: PLACES,
          ...pageOf('/properties/count/', parseFilters, filterParameters, (filters) => filters),
        },
      },
      validatorCompiler: validating(parseFilters),
      schema: {
        tags,
        summary: 'How many listings there are, or how many pass the filters',
        querystring: CountQuerySchema,
        response: {
          200: Type.Object({ count: Type.Integer({ minimum: 0 }) }),
          ...problemResponses(400, 503),
        },
      },
    },
    async (request) => ({ count: await countProperties(prisma, asked(parseFilters, request)) }),
  );

  async function sendPage(question: Question & { limit: number }, reply: FastifyReply) {
    const { properties, next } = await findProperties(prisma, question);
    if (next !== undefined) reply.header('link', `<${next}>; rel="next"`); // RFC 8288
    const end = Buffer.from(`,"next":${JSON.stringify(next ?? null)}${END}`);
    return reply.send(Buffer.concat([Buffer.from(START), properties, end]) as never);
  }

  async function streamOf(question: Question, { method }: FastifyRequest): Promise<Readable> {
    if (method === 'HEAD') return Readable.from([]);
    const { text, values } = listStatement(question);
    return rowStreams.open(text, values, { start: `${START}[`, end: `]${END}` });
  }
};

type Parse<T> = (query: RawQuery) => Parsed<T>;

/** The page that an URL stands for, the same for all that ask the same; none for one that asks wrongly. */
function pageOf<T extends object>(
  path: string,
  parse: Parse<T>,
  parametersOf: (value: T) => URLSearchParams,
  filtersOf: (value: T) => Filters,
) {
  const valueIn = ({ query }: Url): T | undefined => {
    const parsed = parse(Object(query));
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

/** A query is validated by whoever parses it: one place decides what is right. */
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
    return { error: errors as never };
  };
}

/** What a request asks, which was validated. */
function asked<T>(parse: Parse<T>, { query }: FastifyRequest): T {
  const { value } = parse(Object(query)) as { readonly value: T };
  return value;
}

const isPaged = (question: Question): question is Question & { limit: number } =>
  question.limit !== undefined;

const hasParameters = (question: Question): boolean => questionParameters(question).size > 0;
