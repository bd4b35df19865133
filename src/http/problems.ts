import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import {
  brokenRuleOf,
  inabilityOf,
  isDatabaseBusy,
  isDatabaseUnavailable,
  type Refusal,
} from '../database/index.ts';
import {
  DatabaseBusy,
  DatabaseConflict,
  DatabaseRuleBroken,
  DatabaseUnable,
  DatabaseUnavailable,
  WriteUnanswered,
} from '../errors.ts';
import { fieldsOf } from '../platform/index.ts';
import { fieldErrors } from './field-errors.ts';
import { type FieldError, type Problem, ProblemSchema } from './problem-schema.ts';
import { newRequestId, REQUEST_ID } from './request-id.ts';

/** Seconds after which a client may try again when the database was unavailable. */
const RETRY_AFTER_SECONDS = 1;

/** Answers every error as `application/problem+json`. */
export const problems = fp(
  async (app) => {
    app.addSchema(ProblemSchema);
    app.setErrorHandler(answerProblem);
    app.addHook('onRequest', function nameTheRequest(request, reply, done) {
      reply.header(REQUEST_ID, request.id);
      done();
    });
  },
  { name: 'problems', fastify: '5.x' },
);

/** Answers an error, and logs it if the server caused it: an unavailable dependency, or a bug. */
export function answerProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemFor(known(error, request.method), request, reply);
  if (problem.status === 503) request.log.warn({ reason: lastLine(error.message) }, problem.detail);
  else if (problem.status === 500) request.log.error({ err: error }, problem.detail);
  if (problem.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  reply.serializer((body: Problem) => JSON.stringify(body)).send(problem);
}

/** Sets the status and the header fields of the reply, and returns the problem to send. */
export function problemFor(error: FastifyError, request: FastifyRequest, reply: FastifyReply): Problem {
  const problem = toProblem(error, request.id);
  reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .header(REQUEST_ID, request.id) // The router's own errors come before every hook.
    .header('x-content-type-options', 'nosniff')
    .type('application/problem+json');
  return problem;
}

/** The same for a request that Fastify refuses before it has a route, and does not log. */
export function refuseRequest(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  answerProblem(error, request, reply);
  const { method, url } = request;
  request.log.info(
    { method, url, status: reply.statusCode, reason: error.code },
    'refused before it had a route',
  );
}

/** The database's error as one of this service. That a read breaks a rule of the database would be a bug. */
function known(error: FastifyError, method: string): FastifyError {
  if (isDatabaseUnavailable(error))
    return SAFE.has(method) ? new DatabaseUnavailable() : new WriteUnanswered();
  if (isDatabaseBusy(error)) return new DatabaseBusy();
  const inability = inabilityOf(error);
  if (inability) return new DatabaseUnable(reasonOf(inability));
  const rule = SAFE.has(method) ? undefined : brokenRuleOf(error);
  if (!rule) return error;
  const isConflict = method === 'DELETE' || CONFLICTS.test(rule.sqlstate);
  return new (isConflict ? DatabaseConflict : DatabaseRuleBroken)(rule.message);
}

const SAFE = new Set(['GET', 'HEAD']);

/** Rules about several rows: foreign keys, uniqueness, exclusion. */
const CONFLICTS = /^23(001|503|505|P01)$/;

/** The reason without PostgreSQL's message, which may name files and roles: that is for the log. */
function reasonOf({ sqlstate }: Refusal): string {
  const [, words = 'it failed'] = REASONS.find(([pattern]) => pattern.test(sqlstate)) ?? [];
  return `${words}, SQLSTATE ${sqlstate}`;
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^57014/, 'the query was cancelled, or took too long'],
  [/^55P03/, 'a lock was not free in time'],
  [/^40/, 'other writes were in its way, again and again'],
  [/^25006/, 'it takes no writes'],
  [/^42501/, 'the role of this service has no right to'],
  [/^53/, 'it is short of disk, memory or connections'],
];

/** The line of Prisma's message that says what happened; those before it quote the source. */
function lastLine(message: string): string {
  return message.slice(message.lastIndexOf('\n') + 1);
}

function toProblem(
  error: Pick<FastifyError, 'message' | 'code' | 'statusCode' | 'validation'>,
  requestId: string,
): Problem {
  const status = error.statusCode ?? 500;
  const errors = error.validation && fieldErrors(error.validation, fieldsOf(error).validationContext);
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: detailOf(error, status, errors),
    code: status === 500 ? 'PL_INTERNAL' : (error.code ?? 'PL_BAD_REQUEST'),
    request_id: requestId,
    ...(errors && { errors }),
  };
}

/** The text for the client. A 500 is a bug of this service: its message is for the log. */
function detailOf(
  error: { message: string },
  status: number,
  errors: readonly FieldError[] | undefined,
): string {
  if (status === 500) return 'Something went wrong here. The log has the details';
  if (!errors) return error.message;
  const named = errors.slice(0, MAX_NAMED).map(({ field, message }) => `${field} ${message}`);
  const more = errors.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more: see errors`] : [])].join('; ');
}

/** Offending fields that are named in one sentence; all of them are in the list behind it. */
const MAX_NAMED = 10;

/** Answers a client that sends no HTTP, too much or too slowly: on the socket, because there is no request yet. */
export function refuseGarbage(
  this: Pick<FastifyInstance, 'log'>,
  { code, message }: ConnectionError,
  socket: Socket,
): void {
  const [status, title] = CLIENT_ERRORS.get(code) ?? [400, 'Bad Request'];
  const request_id = newRequestId();
  this.log.info({ request_id, status, reason: code }, 'refused before it was a request');
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: message, code, request_id });
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    `X-Request-Id: ${request_id}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref(); // Otherwise the client could keep its side open for ever.
}

/** How long a client that was refused so has to read the answer. Milliseconds. */
const LINGER_MS = 1_000;

const CLIENT_ERRORS = new Map<string, readonly [status: number, title: string]>([
  ['PL_NO_TUNNEL', [501, 'Not Implemented']],
  ['HPE_HEADER_OVERFLOW', [431, 'Request Header Fields Too Large']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'Request Timeout']],
]);
