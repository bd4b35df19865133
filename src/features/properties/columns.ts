import type { TSchema } from 'typebox';
import type { Property as Row } from '../../generated/prisma/client.ts';
import { amount, type Column, integerOfServer, MAX_INTEGER, momentOfServer, text } from './column-kinds.ts';

/**
 * The columns of a listing, in the order in which they are answered. From this list follow the statements, the JSON that
 * PostgreSQL makes, the schemas, and what Prisma's rows become; a column of `schema.prisma` that is missing here does not
 * compile. CONTRIBUTING.md, "Adding a field", has the steps.
 */
export const COLUMNS = {
  id: integerOfServer({
    minimum: -MAX_INTEGER - 1,
    maximum: MAX_INTEGER,
    description: 'above 0, unless another program gave it',
  }),
  title: text('Two-bedroom flat in Osu', { maxLength: 200 }),
  description: text('Bright and quiet, five minutes from the market.'),
  price: amount('1200.00'),
  location: text('Accra', { maxLength: 100 }),
  created_at: momentOfServer('2025-08-31T18:45:12.345Z'),
} satisfies { readonly [Field in keyof Row as SnakeCase<Field>]: Column<Row[Field]> };

/** Columns by their names, which are those of the JSON fields. */
export type Columns = Readonly<Record<string, Column>>;

/** What `schema.prisma` calls `created_at` in its client is `createdAt`. */
type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : '';

type CamelCase<Name> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

/** The name that Prisma's client has for a column. */
export const fieldOf = (column: string): string =>
  column.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

export type Answers<C extends Columns> = { readonly [Name in keyof C]: C[Name]['answer'] };

/** Schemas of what is answered, by column. */
export const answersOf = <C extends Columns>(columns: C): Answers<C> =>
  Object.fromEntries(Object.entries(columns).map(([name, { answer }]) => [name, answer])) as Answers<C>;

export type Inputs<C extends Columns> = {
  readonly [Name in keyof C as C[Name]['input'] extends TSchema ? Name : never]: C[Name]['input'];
};

/** Schemas of what a client sends, by column. */
export const inputsOf = <C extends Columns>(columns: C): Inputs<C> =>
  Object.fromEntries(
    Object.entries(columns).flatMap(([name, { input }]) => (input ? [[name, input]] : [])),
  ) as Inputs<C>;

/** Null for each column that a client may leave out: what a listing without it has. */
export const unsentOf = (columns: Columns): Readonly<Record<string, null>> =>
  Object.fromEntries(
    Object.entries(columns).flatMap(([name, { isOptional }]) => (isOptional ? [[name, null]] : [])),
  );

/** What a client sent, under the names of Prisma's client. */
export type Data<Input> = { [Name in keyof Input as CamelCase<Name>]: Input[Name] };

export const dataOf = <Input extends object>(input: Input): Data<Input> =>
  Object.fromEntries(Object.entries(input).map(([name, value]) => [fieldOf(name), value])) as Data<Input>;
