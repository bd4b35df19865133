import { type Static, type TSchema, Type } from 'typebox';

/** A reference to a schema that `app.addSchema` was given: in the document it is a component of that name. */
export const refTo = <S extends TSchema>(schema: S & { readonly $id: string }) =>
  Type.Unsafe<Static<S>>({ $ref: `${schema.$id}#` });

/** The schema under the name that it has in the document. */
export const named = <S extends TSchema, const Name extends string>(
  $id: Name,
  schema: S,
): S & { $id: Name } => Object.assign(schema, { $id });

/** A response's schema with the header fields that only this route sends, for the document. */
export const withHeaders = <S extends TSchema>(schema: S, headers: Readonly<Record<string, TSchema>>): S =>
  Object.assign(schema, { headers });
