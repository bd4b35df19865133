import { type Static, type TOptional, type TSchema, type TUnsafe, Type } from 'typebox';

/** A column of the table of listings: what SQL, schemas and answers need to know of it. */
export interface Column<
  Value = unknown,
  Answer extends TSchema = TSchema,
  Input extends TSchema | undefined = TSchema | undefined,
> {
  /** Its type in PostgreSQL, without a length. */
  readonly type: 'integer' | 'numeric' | 'text' | 'timestamptz';
  /** What is answered of it. Other programs write to the table too: the rules of `input` need not hold. */
  readonly answer: Answer;
  /** What a client may send; undefined where the server sets the value. */
  readonly input: Input;
  /** Whether a client may leave it out, which stands for null. */
  readonly isOptional: boolean;
  /** What stands on both sides of what `sql` makes. */
  readonly quote: '"' | '';
  /** The most that its value takes in JSON; undefined: as much as is in it. Bytes. */
  readonly maxBytes: number | undefined;
  /** Whether `maxBytes` is undefined and no `maxLength` bounds it either. */
  readonly isLong: boolean;
  /** SQL that makes JSON of a column, to the byte what `JSON.stringify` makes of `toJson`. */
  sql(column: string): string;
  /** A value of Prisma's as it is answered. */
  toJson(value: Value): Static<Answer>;
}

/** PostgreSQL's `integer`. */
export const MAX_INTEGER = 2_147_483_647;

interface JsonSchema {
  readonly type: string | readonly string[];
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

/** A schema whose keywords can be read, as those of `TSchema` cannot. */
type Described<T> = TUnsafe<T> & JsonSchema;

const described = <T>(schema: JsonSchema): Described<T> => Object.assign(Type.Unsafe<T>(schema), schema);

/**
 * A text as it was sent, but for the blanks around it, which `x-trim` takes away. `format` refuses one that is blank
 * (validation.ts).
 */
export function text(example: string, { maxLength }: { readonly maxLength?: number } = {}) {
  const length = maxLength === undefined ? '' : `1 to ${maxLength} characters of `;
  return {
    type: 'text',
    answer: described<string>({ type: 'string', examples: [example] }),
    input: described<string>({
      type: 'string',
      ...(maxLength && { maxLength }),
      'x-trim': true,
      minLength: 1,
      pattern: '\\S',
      format: 'text',
      description: `${length}text without NUL, and not blank`,
      examples: [example],
    }),
    isOptional: false,
    quote: '',
    maxBytes: undefined,
    isLong: maxLength === undefined,
    sql: (column: string) => `to_json(${column})`,
    toJson: (value: string) => value,
  } as const;
}

/** An amount, `numeric(10,2)`. `x-price` checks it (validation.ts), because a float cannot count its decimals. */
export function amount(example: string) {
  return {
    type: 'numeric',
    answer: described<string>({
      type: 'string',
      pattern: /^(-?\d{1,8}\.\d{2}|NaN)$/.source,
      description: 'with two decimals; below 0 or NaN only if another program stored that',
      examples: [example],
    }),
    input: described<string | number>({
      type: ['string', 'number'],
      'x-price': true,
      description: 'from 0 to 99999999.99 with at most two decimals, as a string or a number',
      examples: [example],
    }),
    isOptional: false,
    quote: '"',
    maxBytes: '"-99999999.99"'.length,
    isLong: false,
    sql: (column: string) => column,
    toJson: (value: { toFixed(decimals: number): string }) => value.toFixed(2),
  } as const;
}

/** A whole number that clients send. */
export function integer(example: number, { minimum, maximum }: Record<'minimum' | 'maximum', number>) {
  return {
    ...integerOfServer({ minimum: -MAX_INTEGER - 1, maximum: MAX_INTEGER, examples: [example] }),
    input: described<number>({
      type: 'integer',
      minimum,
      maximum,
      description: `a whole number from ${minimum} to ${maximum}`,
      examples: [example],
    }),
  } as const;
}

/** A whole number that the server sets. */
export function integerOfServer(keywords: Readonly<Record<string, unknown>>) {
  return {
    type: 'integer',
    answer: described<number>({ type: 'integer', ...keywords }),
    input: undefined,
    isOptional: false,
    quote: '',
    maxBytes: String(-MAX_INTEGER).length,
    isLong: false,
    sql: (column: string) => column,
    toJson: (value: number) => value,
  } as const;
}

/** A moment that the server sets, `timestamptz(3)`. */
export function momentOfServer(example: string) {
  return {
    type: 'timestamptz',
    answer: described<string>({
      type: 'string',
      pattern: /^((\d{4}|[+-]\d{6})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z|-?infinity)$/.source,
      description:
        'RFC 3339, in UTC. Only if another program stored that: a year of six digits with a sign (ISO 8601), or infinity',
      examples: [example],
    }),
    input: undefined,
    isOptional: false,
    quote: '"',
    maxBytes: '"+294276-12-31T23:59:59.999Z"'.length,
    isLong: false,
    sql: momentSql,
    toJson: (value: Date) => value.toISOString(),
  } as const;
}

/**
 * A moment in UTC, as RFC 3339 has it and `toISOString` writes it. Other programs may store what has no such form: years
 * before 0 and after 9999 have six digits and a sign (ISO 8601, and what JavaScript reads), and the end of time has
 * PostgreSQL's word, `infinity` or `-infinity`.
 */
function momentSql(column: string): string {
  const utc = `${column} AT TIME ZONE 'UTC'`;
  const year = `(extract(year FROM ${utc}) + (extract(year FROM ${utc}) < 0)::int)::int`; // To PostgreSQL 1 BC is -1.
  const usual = `${column} >= '0001-01-01Z' AND ${column} < '10000-01-01Z'`;
  const far = `CASE WHEN ${year} = 0 THEN '0000' ELSE to_char(${year}, 'FMSG000000') END`;
  return `CASE WHEN ${usual} THEN to_char(${utc}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    WHEN isfinite(${column}) THEN ${far} || to_char(${utc}, '-MM-DD"T"HH24:MI:SS.MS"Z"') ELSE ${column}::text END`;
}

/** The same column where it may be null: `?` in `schema.prisma`. A client may leave it out, which stands for null. */
export function optional<Value, Answer, Input>(column: Column<Value, Described<Answer>, Described<Input>>) {
  const { answer, input, quote } = column;
  return {
    ...column,
    answer: orNull<Answer>(answer),
    input: Type.Optional(orNull<Input>(input)) as TOptional<Described<Input | null>>, // Its own type waits to know `Input`.
    isOptional: true,
    quote: '' as const,
    sql: (name: string) => `coalesce('${quote}' || ${column.sql(name)} || '${quote}', 'null')`,
    toJson: (value: Value | null) => (value === null ? null : column.toJson(value)),
  };
}

const orNull = <T>(schema: JsonSchema): Described<T | null> =>
  described({
    ...schema,
    type: [schema.type, 'null'].flat(),
    ...(schema.description && { description: `${schema.description}, or null` }),
  });
