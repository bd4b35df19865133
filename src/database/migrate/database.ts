import { escapeIdentifier } from 'pg';
import { codeOf } from '../../platform/index.ts';
import { connectionTo, databaseOf, MIGRATING, openSession, withDatabase } from '../connection.ts';
import { withoutBacktrace } from '../reasons.ts';

/** What Prisma calls these errors of PostgreSQL; with any other, the database cannot be reached. */
const PRISMA_CODES = new Map([
  ['28P01', 'P1000'],
  ['28000', 'P1010'],
  ['42501', 'P1010'],
  ['3D000', 'P1003'],
  ['42P04', 'P1009'],
]);
const UNREACHABLE = 'P1001';

/** A failure under Prisma's own code: its CLI creates the database on P1003 and gives up on any other. */
export class DatabaseError extends Error {
  readonly prismaCode: string;

  constructor(database: string, cause: unknown) {
    const code = String(codeOf(cause));
    super(`Cannot use database ${database}: ${withoutBacktrace(cause)} (${code})`, { cause });
    this.prismaCode = PRISMA_CODES.get(code) ?? UNREACHABLE;
  }
}

/** @throws DatabaseError */
export function canConnectToDatabase(url: string): Promise<void> {
  return run(url, 'SELECT 1');
}

/** Through the maintenance database, `postgres`. @throws DatabaseError */
export function createDatabase(url: string): Promise<void> {
  return run(withDatabase(url, 'postgres'), `CREATE DATABASE ${escapeIdentifier(databaseOf(url))}`);
}

async function run(url: string, sql: string): Promise<void> {
  const { database } = connectionTo(url);
  try {
    const session = await openSession(url, MIGRATING);
    await session.query(sql).finally(() => session.end());
  } catch (error) {
    throw new DatabaseError(database, error);
  }
}
