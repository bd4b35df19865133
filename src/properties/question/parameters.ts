import { Type } from 'typebox';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Filters, orderParameters, type Question, sortOf } from './question.ts';
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

/** What is wrong with a query, in the form in which Ajv says it. */
export interface ParameterError {
  readonly parameter: string;
  readonly message: string;
}

/** Query parameters as they come: text, or a list of texts where one is given more than once. */
export type RawQuery = Readonly<Record<string, unknown>>;

const one = (description: string, example: string, more: object = {}) =>
  Type.Optional(Type.String({ description, examples: [example], ...more }));

const FILTERS = {
  location: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: MAX_LOCATION }), {
      maxItems: MAX_LOCATIONS,
      description: `a location of 1 to ${MAX_LOCATION} characters in any letter case; may be given up to ${MAX_LOCATIONS} times`,
      examples: [['Osu, Accra']],
    }),
  ),
  min_price: one('an amount from 0 to 99999999.99 with at most two decimals, which is included', '500'),
  max_price: one('an amount from 0 to 99999999.99 with at most two decimals, which is included', '1200.50'),
  q: one(
    `1 to ${MAX_WORDS} words, of ${MAX_WORDS_LENGTH} characters at most together: all have to be in title, location or description`,
    'flat balcony',
    { minLength: 1, maxLength: MAX_WORDS_LENGTH },
  ),
  created_after: one(
    'a date, or a date and time with Z or an offset and at most three decimals, as ISO 8601 has it, which is not included',
    '2025-08-31',
  ),
  created_before: one(
    'a date, or a date and time with Z or an offset and at most three decimals, as ISO 8601 has it, which is not included',
    '2025-08-31T18:45:12.345Z',
  ),
};

/** What `GET /properties/count/` can be asked. */
export const CountQuerySchema = Type.Object(FILTERS, { additionalProperties: false });

/** What `GET /properties/` can be asked. */
export const ListQuerySchema = Type.Object(
  {
    ...FILTERS,
    sort: one(
      'id, price, created_at, or with q relevance, which puts the best first; a - before it for descending',
      '-price',
    ),
    limit: one(`a whole number from 1 to ${MAX_LIMIT}`, '50'),
    cursor: one(
      'the cursor of a next link, with the same sort and filters, and a limit',
      'TTZ1eGtfSnA2czZlLjUwLjUw',
      { maxLength: MAX_CURSOR_LENGTH },
    ),
  },
  { additionalProperties: false },
);

/** What a query asks, or everything that is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly errors: readonly ParameterError[] };

export const parseQuestion = remembering((query): Parsed<Question> => {
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

/** A query is looked at when its page is looked for, when it is validated and when it is answered: parsed once. */
function remembering<T>(parse: (query: RawQuery) => Parsed<T>): (query: RawQuery) => Parsed<T> {
  const known = new WeakMap<RawQuery, Parsed<T>>();
  return (query) => {
    const parsed = known.get(query) ?? parse(query);
    known.set(query, parsed);
    return parsed;
  };
}

/** The query parameters that ask a question, the same for all that are equal. */
export function questionParameters(question: Question): URLSearchParams {
  const { limit, after } = question;
  const parameters = orderParameters(question);
  if (limit !== undefined) parameters.append('limit', String(limit));
  if (after) parameters.append('cursor', encodeCursor(question, after));
  return parameters;
}

function readFilters(reader: Reader): Filters {
  const locations = reader.all('location', parseLocation);
  return {
    locations: locations.length <= MAX_LOCATIONS ? locations : (reader.refuse('location') ?? []),
    minPrice: reader.one('min_price', parsePrice),
    maxPrice: reader.one('max_price', parsePrice),
    words: reader.one('q', parseWords),
    createdAfter: reader.one('created_after', parseMoment),
    createdBefore: reader.one('created_before', parseMoment),
  };
}

/** Takes parameters out of a query, and notes what is wrong with them. */
class Reader {
  readonly #query: RawQuery;
  readonly #known: Readonly<Record<string, object>>;
  readonly #errors = new Map<string, string>();

  constructor(query: RawQuery, known: Readonly<Record<string, object>>) {
    this.#query = query;
    this.#known = known;
    const names = Object.keys(known).join(', ');
    for (const name of Object.keys(query)) {
      if (!Object.hasOwn(known, name)) this.#errors.set(name, `is not a known parameter: use ${names}`);
    }
  }

  /** The values of a parameter, sorted, none twice. */
  all(name: string, parse: (text: string) => string | undefined): readonly string[] {
    const texts = [this.#query[name] ?? []].flat();
    const values = texts.map((text) => parse(String(text)));
    if (values.includes(undefined)) this.refuse(name);
    return [...new Set(values.filter((value) => value !== undefined))].sort();
  }

  /** The value of a parameter; given more than once, all must be the same. */
  one<T>(name: string, parse: (text: string) => T | undefined): T | undefined {
    const texts = [this.#query[name] ?? []].flat();
    const values = texts.map((text) => parse(String(text)));
    if (values.includes(undefined)) return this.refuse(name);
    const different = new Set(values.map((value) => JSON.stringify(value)));
    if (different.size > 1) this.#errors.set(name, 'must be given once');
    return values[0];
  }

  refuse(name: string): undefined {
    this.#errors.set(name, `must be ${Reflect.get(Object(this.#known[name]), 'description')}`);
  }

  finish<T>(value: T): Parsed<T> {
    if (this.#errors.size === 0) return { value };
    return { errors: [...this.#errors].map(([parameter, message]) => ({ parameter, message })) };
  }
}
