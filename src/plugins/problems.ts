import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';
import { isDatabaseBusy, isDatabaseUnavailable } from '../database/failures.ts';
import { DatabaseBusy, DatabaseUnavailable, RouteNotFound } from '../errors.ts';
import type { FieldError, Problem } from '../problem-schema.ts';
import { newRequestId, REQUEST_ID } from '../request-id.ts';
import { fieldErrors } from './field-errors.ts';

/** Seconds after which a client may ask again when the database was away. */
const RETRY_AFTER_SECONDS = 1;

/** Answers every error as `application/problem+json`. */
export const problems = fp(
  async (app) => {
    app.setErrorHandler(answerProblem);
    app.setNotFoundHandler(answerNotFound);
    app.addHook('onRequest', function nameTheRequest(request, reply, done) {
      reply.header(REQUEST_ID, request.id);
      done();
    });
    app.addHook('onRequest', async function beforeTheBodyIsRead(request) {
      if (request.is404) await answerNotFound(request);
    });
  },
  { name: 'problems', fastify: '5.x' },
);

async function answerNotFound(request: FastifyRequest): Promise<never> {
  throw new RouteNotFound(`${request.method} ${pathOf(request)}`);
}

/** Answers an error, and logs it when it is ours: a dependency that is away, or a bug. */
export function answerProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(known(error), request.id);
  if (problem.status === 503) request.log.warn({ reason: lastLine(error.message) }, problem.detail);
  else if (problem.status === 500) request.log.error({ err: error }, problem.detail);
  if (problem.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .header(REQUEST_ID, request.id) // The router's own errors come before every hook.
    .header('x-content-type-options', 'nosniff')
    .type('application/problem+json')
    .serializer((body: Problem) => JSON.stringify(body))
    .send(problem);
}

/** The same for what Fastify refuses before there is a route, and so logs nothing of. */
export function refuseRequest(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  answerProblem(error, request, reply);
  const { method, url } = request;
  request.log.info(
    { method, url, status: reply.statusCode, reason: error.code },
    'refused before it had a route',
  );
}

function known(error: FastifyError): FastifyError {
  if (isDatabaseUnavailable(error)) return new DatabaseUnavailable();
  return isDatabaseBusy(error) ? new DatabaseBusy() : error;
}

/** Of Prisma's messages the one that says what happened; those before it quote our source. */
function lastLine(message: string): string {
  return message.slice(message.lastIndexOf('\n') + 1);
}

function toProblem(
  error: Pick<FastifyError, 'message' | 'code' | 'statusCode' | 'validation'>,
  requestId: string,
): Problem {
  const status = error.statusCode ?? 500;
  const errors = error.validation && fieldErrors(error.validation, Reflect.get(error, 'validationContext'));
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

/** A 500 is a bug of ours: what it says is for the log, not for the client. */
function detailOf(
  error: { message: string },
  status: number,
  errors: readonly FieldError[] | undefined,
): string {
  if (status === 500) return 'Something went wrong here. The log has the details';
  if (!errors) return error.message;
  const told = errors.slice(0, MAX_TOLD).map(({ field, message }) => `${field} ${message}`);
  const more = errors.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more: see errors`] : [])].join('; ');
}

/** Offending fields that are named in one sentence; all of them are in the list behind it. */
const MAX_TOLD = 10;

/** Without the query: that may hold anything. */
function pathOf(request: FastifyRequest): string {
  return request.url.replace(/\?.*/, '');
}

/** What is no HTTP, too long or too slow, before there is a request: answered on the bare socket. */
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
  setTimeout(() => socket.destroy(), LINGER_MS).unref(); // Nothing else ends it while the client keeps its side open.
}

/** What a client that was refused so has to read why. Milliseconds. */
const LINGER_MS = 1_000;

const CLIENT_ERRORS = new Map<string, readonly [status: number, title: string]>([
  ['HPE_HEADER_OVERFLOW', [431, 'Request Header Fields Too Large']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'Request Timeout']],
]);
