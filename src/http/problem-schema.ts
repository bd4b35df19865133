import { STATUS_CODES } from 'node:http';
import { type Static, Type } from 'typebox';
import { named, refTo } from './shared-schema.ts';

const FieldErrorSchema = Type.Object({ in: Type.String(), field: Type.String(), message: Type.String() });

/** RFC 9457, as every error of this service is answered. */
export const ProblemSchema = named(
  'Problem',
  Type.Object({
    type: Type.Literal('about:blank'),
    title: Type.String({ examples: ['Bad Request'] }),
    status: Type.Integer({ examples: [400] }),
    detail: Type.String({ description: 'what happened, to what, and what to do next' }),
    code: Type.String({ description: 'stable, for programs', examples: ['FST_ERR_VALIDATION'] }),
    request_id: Type.String({ description: 'what the log calls the request, as X-Request-Id does' }),
    errors: Type.Optional(
      Type.Array(FieldErrorSchema, {
        description: 'one entry for each offending field',
      }),
    ),
  }),
);

export type FieldError = Static<typeof FieldErrorSchema>;
export type Problem = Static<typeof ProblemSchema>;

/** The response schemas of the given error statuses. */
export function problemResponses<const S extends number>(...statuses: readonly S[]) {
  const answer = (status: number) => ({
    description: STATUS_CODES[status],
    content: { 'application/problem+json': { schema: refTo(ProblemSchema) } },
  });
  return Object.fromEntries(statuses.map((status) => [status, answer(status)]));
}
