import { Ajv } from 'ajv';
import type { Static, TSchema } from 'typebox';

/**
 * Checks what others wrote against schemas of TypeBox. Fastify has Ajv loaded anyway, and its checks are as fast as those
 * that are written by hand; TypeBox's own ones would add 50 ms and 4 MB to every start.
 */
const ajv = new Ajv({ meta: false, validateSchema: false });

/** A type guard for what has the shape of `schema`. */
export function guardOf<T extends TSchema>(schema: T): (value: unknown) => value is Static<T> {
  return ajv.compile<Static<T>>(schema);
}

/**
 * A `JSON.parse` for what has the shape of `schema`.
 *
 * @throws an Error for any other text
 */
export function parserOf<T extends TSchema>(schema: T): (text: string) => Static<T> {
  const isRight = guardOf(schema);
  return (text) => {
    const value: unknown = JSON.parse(text);
    if (isRight(value)) return value;
    throw new TypeError('JSON of another shape than expected');
  };
}
