import { Prisma } from '../generated/prisma/client.ts';

/** Prisma's codes for "the database did not answer" (https://www.prisma.io/docs/orm/reference/error-reference). */
const UNAVAILABLE = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
]);

/** PostgreSQL's: connection exceptions, too many connections, shutting down, starting up (Appendix A). */
const SQLSTATE_UNAVAILABLE = /^(08...|53300|57P0[1-3])$/;

/** What pg says when a connection ends under a query, or none can be had in time. */
const CONNECTION_LOST =
  /connection terminated|timeout exceeded when trying to connect|connection error|not queryable/i;

/** True when the database could not be asked, whatever the query was. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientInitializationError) return true;
  if (error instanceof Prisma.PrismaClientKnownRequestError) {
    return UNAVAILABLE.has(error.code) || SQLSTATE_UNAVAILABLE.test(sqlState(error));
  }
  return error instanceof Error && CONNECTION_LOST.test(error.message);
}

/** True when the database itself refused the query, or never got it: nothing can have changed. */
export function changedNothing(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientValidationError) return true;
  return error instanceof Prisma.PrismaClientKnownRequestError && !isDatabaseUnavailable(error);
}

export function isNotFound(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2025';
}

/** The SQLSTATE that the driver saw: `meta.driverAdapterError.cause.originalCode`, or '' . */
function sqlState({ meta }: Prisma.PrismaClientKnownRequestError): string {
  const { originalCode } = Object(Object(Object(meta).driverAdapterError).cause);
  return typeof originalCode === 'string' ? originalCode : '';
}
