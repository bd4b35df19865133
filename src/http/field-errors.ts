import type { FastifySchemaValidationError } from 'fastify';
import { fieldsOf } from '../platform/index.ts';
import type { FieldError } from './problem-schema.ts';

/** Names every offending field once, with what it must be: the `description` of its schema. */
export function fieldErrors(
  failures: readonly FastifySchemaValidationError[],
  context: unknown,
): FieldError[] {
  const where = String(context);
  const byField = new Map<string, FieldError>();
  for (const failure of failures) {
    const field = fieldOf(failure, where);
    if (!byField.has(field)) byField.set(field, { in: where, field, message: messageOf(failure) });
  }
  return [...byField.values()];
}

/** The path to the field, with dots: `price`, or `3.price` of the fourth item of a list. */
function fieldOf({ params, instancePath }: FastifySchemaValidationError, where: string): string {
  const path = instancePath === '' ? [] : instancePath.slice(1).split('/');
  const named = params.missingProperty ?? params.additionalProperty;
  return [...path, ...(named === undefined ? [] : [String(named)])].join('.') || where;
}

function messageOf(failure: FastifySchemaValidationError): string {
  if (failure.keyword === 'required') return 'is required';
  if (failure.keyword === 'additionalProperties') return 'is not a known field';
  const { description } = fieldsOf(fieldsOf(failure).parentSchema);
  return typeof description === 'string' ? `must be ${description}` : String(failure.message);
}
