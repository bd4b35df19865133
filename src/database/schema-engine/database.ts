import pg, { escapeIdentifier } from 'pg';
import { connectionTo, databaseOf, withDatabase } from './connection.ts';
import { codeOf, messageOf } from './errors.ts';

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

  constructor(place: string, cause: unknown) {
    const code = String(codeOf(cause));
    super(`Cannot use database ${place}: ${messageOf(cause)} (${code})`, { cause });
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
  const { config, place } = connectionTo(url);
  const client = new pg.Client(config);
  try {
    await client.connect();
    await client.query(sql);
  } catch (error) {
    throw new DatabaseError(place, error);
  } finally {
    await client.end();
  }
}
