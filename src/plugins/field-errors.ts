import type { FastifySchemaValidationError } from 'fastify';
import type { FieldError } from '../problem-schema.ts';

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

function fieldOf({ params, instancePath }: FastifySchemaValidationError, where: string): string {
  const named =
    params.missingProperty ?? params.additionalProperty ?? instancePath.slice(1).replaceAll('/', '.');
  return String(named || where);
}

function messageOf(failure: FastifySchemaValidationError): string {
  if (failure.keyword === 'required') return 'is required';
  if (failure.keyword === 'additionalProperties') return 'is not a known field';
  const description: unknown = Object(Reflect.get(failure, 'parentSchema')).description;
  return typeof description === 'string' ? `must be ${description}` : String(failure.message);
}
