import { Type } from 'typebox';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Filters, type ListQuery, orderParameters, sortOf } from './list-query.ts';
import {
  MAX_LIMIT,
  MAX_LOCATION,
  MAX_LOCATIONS,
  MAX_WORDS,
  MAX_WORDS_LENGTH,
  parseLimit,
  parseLocation,
  parseMoment,
  parsePrice,
  parseSort,
  parseWords,
} from './values.ts';

/** Characters. */
const MAX_CURSOR_LENGTH = 200;

/** What is wrong with a parameter, to be shown as an error of Ajv. */
export interface ParameterError {
  readonly parameter: string;
  readonly message: string;
}

/** Query parameters before they are parsed: text, or a list of texts where one is given more than once. */
export type RawQuery = Readonly<Record<string, unknown>>;

/** What each parameter has to be: errors say so, and the document with an example. */
const RULES = {
  location: `a location of 1 to ${MAX_LOCATION} characters in any letter case; may be given up to ${MAX_LOCATIONS} times`,
  min_price: 'an amount from 0 to 99999999.99 with at most two decimals, which is included',
  max_price: 'an amount from 0 to 99999999.99 with at most two decimals, which is included',
  q: `1 to ${MAX_WORDS} words, of ${MAX_WORDS_LENGTH} characters at most together: all have to be in title, location or description; words such as the or of are not looked for, and nothing is found by them alone`,
  created_after:
    'a date, or a date and time with Z or an offset and at most three decimals, as ISO 8601 has it, which is not included',
  created_before:
    'a date, or a date and time with Z or an offset and at most three decimals, as ISO 8601 has it, which is not included',
  sort: 'id, price, created_at, or with q relevance, which puts the best first; a - before it for descending',
  limit: `a whole number from 1 to ${MAX_LIMIT}`,
  cursor: 'the cursor of a next link, with the same sort and filters, and a limit',
};
type Parameter = keyof typeof RULES;

/**
 * Examples stand in the descriptions: those of a schema would be filled in by Swagger UI, all at once, and a request
 * that asks for everything finds nothing.
 */
const described = (name: Parameter, example: string) => `${RULES[name]}. For example: ${example}`;

const one = (name: Parameter, example: string, more: object = {}) =>
  Type.Optional(Type.String({ description: described(name, example), ...more }));

const FILTERS = {
  location: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: MAX_LOCATION }), {
      maxItems: MAX_LOCATIONS,
      description: described('location', 'Osu, Accra'),
    }),
  ),
  min_price: one('min_price', '500'),
  max_price: one('max_price', '1200.50'),
  q: one('q', 'flat balcony', { minLength: 1, maxLength: MAX_WORDS_LENGTH }),
  created_after: one('created_after', '2025-08-31'),
  created_before: one('created_before', '2025-08-31T18:45:12.345Z'),
};

/** The query parameters of `GET /properties/count/`. */
export const CountQuerySchema = Type.Object(FILTERS, { additionalProperties: false });

/** The query parameters of `GET /properties/`. */
export const ListQuerySchema = Type.Object(
  {
    ...FILTERS,
    sort: one('sort', '-price'),
    limit: Type.Optional(Type.String({ description: RULES.limit, examples: ['50'] })), // Filled in, it answers at once.
    cursor: Type.Optional(Type.String({ description: RULES.cursor, maxLength: MAX_CURSOR_LENGTH })),
  },
  { additionalProperties: false },
);

/** What the parameters of a query mean, or everything that is wrong with them. */
export type Parsed<T> = { readonly value: T } | { readonly errors: readonly ParameterError[] };

export const parseListQuery = remembering((query): Parsed<ListQuery> => {
  const reader = new Reader(query, ListQuerySchema.properties);
  const filters = readFilters(reader);
  const given = reader.one('sort', parseSort);
  const sort = given?.by === 'relevance' && filters.words === undefined ? reader.refuse('sort') : given;
  const order = { filters, sort: sortOf(sort, filters) };
  const limit = reader.one('limit', parseLimit);
  const after = reader.one('cursor', (text) =>
    text.length <= MAX_CURSOR_LENGTH ? decodeCursor(order, text) : undefined,
  );
  if (after && limit === undefined) reader.refuse('cursor');
  return reader.finish({ ...order, limit, after });
});

export const parseFilters = remembering((query): Parsed<Filters> => {
  const reader = new Reader(query, CountQuerySchema.properties);
  return reader.finish(readFilters(reader));
});

/** Parses a query once: it is needed when its page is looked up, when it is validated and when it is answered. */
function remembering<T>(parse: (query: RawQuery) => Parsed<T>): (query: RawQuery) => Parsed<T> {
  const known = new WeakMap<RawQuery, Parsed<T>>();
  return (query) => {
    const parsed = known.get(query) ?? parse(query);
    known.set(query, parsed);
    return parsed;
  };
}

/** A list query as query parameters: the same text for all that are equal. */
export function listParameters(listQuery: ListQuery): URLSearchParams {
  const { limit, after } = listQuery;
  const parameters = orderParameters(listQuery);
  if (limit !== undefined) parameters.append('limit', String(limit));
  if (after) parameters.append('cursor', encodeCursor(listQuery, after));
  return parameters;
}

function readFilters(reader: Reader): Filters {
  const locations = reader.all('location', parseLocation);
  const found = {
    locations: locations.length <= MAX_LOCATIONS ? locations : (reader.refuse('location') ?? []),
    minPrice: reader.one('min_price', parsePrice),
    maxPrice: reader.one('max_price', parsePrice),
    words: reader.one('q', parseWords),
    createdAfter: reader.one('created_after', parseMoment),
    createdBefore: reader.one('created_before', parseMoment),
  };
  const { minPrice, maxPrice, createdAfter, createdBefore } = found;
  if (minPrice !== undefined && maxPrice !== undefined && Number(minPrice) > Number(maxPrice))
    reader.refuseRange('min_price', 'max_price');
  if (createdAfter !== undefined && createdBefore !== undefined && createdAfter > createdBefore)
    reader.refuseRange('created_after', 'created_before');
  return found;
}

/** Takes parameters out of a query, and notes what is wrong with them. */
class Reader {
  readonly #query: RawQuery;
  readonly #errors = new Map<string, string>();

  constructor(query: RawQuery, known: Readonly<Record<string, object>>) {
    this.#query = query;
    const names = Object.keys(known).join(', ');
    for (const name of Object.keys(query)) {
      if (!Object.hasOwn(known, name)) this.#errors.set(name, `is not a known parameter: use ${names}`);
    }
  }

  /** The values of a parameter, sorted, none twice. */
  all(name: Parameter, parse: (text: string) => string | undefined): readonly string[] {
    const texts = [this.#query[name] ?? []].flat();
    const values = texts.map((text) => parse(String(text)));
    if (values.includes(undefined)) this.refuse(name);
    return [...new Set(values.filter((value) => value !== undefined))].sort();
  }

  /** The value of a parameter; given more than once, all must be the same. */
  one<T>(name: Parameter, parse: (text: string) => T | undefined): T | undefined {
    const texts = [this.#query[name] ?? []].flat();
    const values = texts.map((text) => parse(String(text)));
    if (values.includes(undefined)) return this.refuse(name);
    const different = new Set(values.map((value) => JSON.stringify(value)));
    if (different.size > 1) this.#errors.set(name, 'must be given once');
    return values[0];
  }

  refuse(name: Parameter): undefined {
    this.#errors.set(name, `must be ${RULES[name]}`);
  }

  /**
   * Two ends the wrong way round: nothing could ever be between them, and an empty list would say that there is no such
   * listing.
   */
  refuseRange(from: string, to: string): void {
    this.#errors.set(from, `must not be above ${to}`);
    this.#errors.set(to, `must not be below ${from}`);
  }

  finish<T>(value: T): Parsed<T> {
    if (this.#errors.size === 0) return { value };
    return { errors: [...this.#errors].map(([parameter, message]) => ({ parameter, message })) };
  }
}
