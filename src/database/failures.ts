import pg from 'pg';
import { Prisma } from '../generated/prisma/client.ts';
import { fieldsOf, messageOf } from '../platform/index.ts';

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

/** Prisma's code for a transaction that did not start or end in time, and Node's codes for sockets. */
const CODES = new Set<unknown>([
  'P2028',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
]);

/**
 * SQLSTATEs (Appendix A of PostgreSQL's manual) are sorted into four kinds; any other one is that of a rule of the database.
 * The first kind: the database could not be reached, or ended the session, and the outcome of the query is unknown.
 */
const LOST = /^(08...|25P0[34]|40003|55000|57P..)$/;

/** The severities with which PostgreSQL ends the session. */
const ENDS_SESSION = /^(FATAL|PANIC)$/;

/** The second kind: the database cannot do this now. It rolled back, and changed nothing. */
const UNABLE = /^(2200H|25006|40...|42501|53...|55...|57014|58...|72000|F0...|HV...|XX...)$/;

/** Those of the second kind that concurrent transactions cause: a retry can succeed. */
const SERIALIZATION_FAILURE = /^40(001|P01)$/;

/** The third kind: the SQL does not fit the schema of the database. */
const NOT_UNDERSTOOD = /^(0[^9]|2[4568BD]|3[4BDF]|42)...$/;

/** A policy's refusal has the code of a lacking privilege, and these words where messages are English. */
const BY_POLICY = /row-level security policy/;

/** pg's message when a connection ends during a query, or is not made in time. */
const CONNECTION_LOST = /connection terminated|not queryable/i;

/** pg's message when an answer did not come in time. */
const QUERY_TIMEOUT = /query read timeout/i;

/** A transaction that did not start or end in time, and a server that has too many connections. */
const SLOW_CODES = new Set<unknown>(['P2028', 'TooManyConnections']);

/** The message of pg's pool when no connection became free in time. */
const POOL_EXHAUSTED = /timeout exceeded when trying to connect/;

/** Raw SQL failed: it may have committed before (a procedure), or only its result could not be parsed. */
const RAW_QUERY_FAILED = 'P2010';

/** PostgreSQL's error in answer to a query. */
export interface Refusal {
  /** Five characters, the first two of which are the class. */
  readonly sqlstate: string;
  /** The primary message, which names constraints and columns. The detail is left out: it has values of the row. */
  readonly message: string;
}

/** The codes and messages that Prisma, its driver and PostgreSQL gave a failure. */
interface Words {
  /** Prisma's code. */
  readonly code: unknown;
  readonly message: string;
  /** The driver's. */
  readonly kind: unknown;
  readonly refusal: Refusal | undefined;
  readonly severity: string;
}

function wordsOf(error: unknown): Words {
  if (error instanceof pg.DatabaseError) {
    const { code = '', message, severity = '' } = error;
    return { code: undefined, message, kind: undefined, refusal: { sqlstate: code, message }, severity };
  }
  const { code, meta } = fieldsOf(error);
  // A failed COMMIT arrives as the driver's error, any other query's wrapped into one of Prisma's.
  const { cause } = fieldsOf(fieldsOf(meta).driverAdapterError ?? error);
  const { kind, originalCode: sqlstate, originalMessage, severity } = fieldsOf(cause);
  const refusal = typeof sqlstate === 'string' ? { sqlstate, message: String(originalMessage) } : undefined;
  return { code, message: messageOf(error), kind, refusal, severity: String(severity) };
}

/** True when the database could not be reached, or the connection was lost. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message, kind, refusal, severity } = wordsOf(error);
  if (DRIVER_KINDS.has(kind) || CODES.has(code)) return true;
  if (refusal) return LOST.test(refusal.sqlstate) || ENDS_SESSION.test(severity);
  return !isRefusal(error) && (CONNECTION_LOST.test(message) || QUERY_TIMEOUT.test(message));
}

/** PostgreSQL's error when it cannot do this now, although it is there. It changed nothing. */
export function inabilityOf(error: unknown): Refusal | undefined {
  const refusal = answerOf(error);
  return refusal && UNABLE.test(refusal.sqlstate) && !BY_POLICY.test(refusal.message) ? refusal : undefined;
}

/**
 * PostgreSQL's error when a write breaks a rule of the database: a constraint, a type, a policy or a trigger's. The rules of
 * this service are checked before; these are the database owner's. It changed nothing.
 */
export function brokenRuleOf(error: unknown): Refusal | undefined {
  const refusal = answerOf(error);
  if (!refusal || inabilityOf(error)) return undefined;
  return BY_POLICY.test(refusal.message) || !NOT_UNDERSTOOD.test(refusal.sqlstate) ? refusal : undefined;
}

/** True when PostgreSQL rolled back because of concurrent transactions: then the transaction is to be tried again. */
export function isSerializationFailure(error: unknown): boolean {
  return SERIALIZATION_FAILURE.test(String(answerOf(error)?.sqlstate));
}

/** PostgreSQL's error on a session that goes on. */
function answerOf(error: unknown): Refusal | undefined {
  return isDatabaseUnavailable(error) ? undefined : wordsOf(error).refusal;
}

/** True when the database is there, but had no connection free in time: the query was not sent. */
export function isDatabaseBusy(error: unknown): boolean {
  return !isRefusal(error) && POOL_EXHAUSTED.test(messageOf(error));
}

/** True when the database may be there all the same: it was slow, overloaded, or unable to do this now. */
export function isDatabaseSlow(error: unknown): boolean {
  const { code, message, kind } = wordsOf(error);
  if (isDatabaseBusy(error) || inabilityOf(error)) return true;
  return SLOW_CODES.has(code) || SLOW_CODES.has(kind) || QUERY_TIMEOUT.test(message);
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
