import { Prisma } from '../generated/prisma/client.ts';

/** The driver's words for "not reached, or lost" (`MappedError` of @prisma/driver-adapter-utils). */
const DRIVER_KINDS = new Set<unknown>([
  'AuthenticationFailed',
  'ConnectionClosed',
  'DatabaseAccessDenied',
  'DatabaseDoesNotExist',
  'DatabaseNotReachable',
  'SocketTimeout',
  'TlsConnectionError',
  'TooManyConnections',
]);

/** A transaction that did not start or end in time, and what Node says of sockets and the driver passes on. */
const CODES = new Set<unknown>([
  'P2028',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
]);

/** PostgreSQL's connection exceptions, a database that accepts no connections, shutting down, starting up (Appendix A). */
const SQLSTATES = /^(08...|55000|57P0[1-3])$/;

/** What pg says when a connection ends under a query, or is not made in time. */
const CONNECTION_LOST = /connection terminated|not queryable/i;

/** What pg says when it has waited for an answer for long enough. */
const QUERY_TIMEOUT = /query read timeout/i;

/** A transaction that did not start or end in time, and a server that has too many connections. */
const SLOW_CODES = new Set<unknown>(['P2028', 'TooManyConnections']);

/** What its pool says when every connection is in use for too long. */
const POOL_EXHAUSTED = /timeout exceeded when trying to connect/;

/** Raw SQL failed: it may have committed before (a procedure), or only its result was not understood. */
const RAW_QUERY_FAILED = 'P2010';

/** What Prisma and its driver say of a failure. */
function wordsOf(error: unknown) {
  const { code, message, meta } = Object(error);
  // A failed COMMIT arrives as the driver's error, any other query's wrapped into one of Prisma's.
  const { kind, originalCode } = Object(Object(Object(meta).driverAdapterError ?? error).cause);
  return { code, message, kind, originalCode };
}

/** True when the database could not be asked, whatever the query was. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message, kind, originalCode } = wordsOf(error);
  if (DRIVER_KINDS.has(kind) || CODES.has(code) || SQLSTATES.test(originalCode)) return true;
  return !isRefusal(error) && (CONNECTION_LOST.test(message) || QUERY_TIMEOUT.test(message));
}

/** True when the database is there, but had no connection free in time: the query was not sent. */
export function isDatabaseBusy(error: unknown): boolean {
  return !isRefusal(error) && POOL_EXHAUSTED.test(Object(error).message);
}

/** True when the database may be there all the same: it was slow, or is asked too much. */
export function isDatabaseSlow(error: unknown): boolean {
  const { code, message, kind } = wordsOf(error);
  return isDatabaseBusy(error) || SLOW_CODES.has(code) || SLOW_CODES.has(kind) || QUERY_TIMEOUT.test(message);
}

/** True when the database itself refused the query, or never got it: nothing can have changed. */
export function changedNothing(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientValidationError) return true;
  return isRefusal(error) && error.code !== RAW_QUERY_FAILED && !isDatabaseUnavailable(error);
}

export function isNotFound(error: unknown): boolean {
  return isRefusal(error) && error.code === 'P2025';
}

function isRefusal(error: unknown): error is Prisma.PrismaClientKnownRequestError {
  return error instanceof Prisma.PrismaClientKnownRequestError;
}
