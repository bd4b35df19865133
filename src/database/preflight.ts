import pg from 'pg';
import { codeOf, tlsAdvice } from '../platform/index.ts';
import { connectionTo, openSession } from './connection.ts';
import {
  ask,
  CHECK,
  type DatabaseUrls,
  isPooled,
  NotDelivered,
  proveDelivery,
} from './notification-proof.ts';
import { reasonOf, sessionAdvice } from './reasons.ts';

/** PgBouncer's error for start-up settings that it does not know, from the URL or from this service. */
const NO_SETTINGS = /unsupported startup parameter/;

/** PostgreSQL's error where it requires TLS and the client does not use it, and pg's in the opposite case. */
const TLS_ONLY = /no encryption$/;
const NO_TLS = /does not support SSL/;

/**
 * The check before a start changes anything: the database answers, and a session that listens is notified of what is
 * written.
 *
 * @throws an Error of one line that says what to do
 */
export async function preflight(urls: DatabaseUrls, proofMs?: number): Promise<void> {
  compareSchemas(urls);
  const direct = isPooled(urls) ? 'DIRECT_DATABASE_URL' : 'DATABASE_URL';
  const session = await openSession(urls.directUrl, CHECK).catch((error) => {
    throw refusal(urls, error) ?? unusable(urls.directUrl, direct, error);
  });
  try {
    await proveDelivery(session, urls, proofMs);
  } catch (error) {
    throw refusal(urls, error) ?? unusable(urls.url, 'DATABASE_URL', error);
  } finally {
    void session.end().catch(() => {}); // Not awaited: the check is done.
  }
}

/**
 * Checks that an unqualified name finds the table in the schema of the URL: a pooler's sessions have the `search_path` of
 * their role, whatever `?schema=` says.
 *
 * @throws an Error of one line that says what to do
 */
export async function compareTables(urls: DatabaseUrls): Promise<void> {
  const { schema } = connectionTo(urls.directUrl);
  const table = pg.escapeLiteral(`${pg.escapeIdentifier(schema)}.properties_property`);
  const sql = `SELECT to_regclass(${table}) IS NOT NULL AS there, to_regclass('properties_property') = to_regclass(${table}) AS same`;
  const answer = await ask(urls, sql);
  if (answer?.same) return;
  if (!answer?.there) {
    throw new Error(
      `Schema ${schema} has no table properties_property, although its migrations are recorded as applied: restore it, or let it be made again with DROP TABLE _prisma_migrations`,
    );
  }
  throw new Error(
    `DATABASE_URL does not find the table of schema ${schema}: ALTER ROLE … SET search_path = ${pg.escapeIdentifier(schema)}`,
  );
}

/**
 * Whether PostgreSQL cancels a statement before the service gives up waiting for its answer. A pooler's sessions have the
 * `statement_timeout` of their role; without one, a statement that the service has given up goes on behind the pooler.
 */
export async function endsStatements(urls: DatabaseUrls, withinMs: number): Promise<boolean> {
  const sql = `SELECT setting::int BETWEEN 1 AND ${withinMs} AS ends FROM pg_settings WHERE name = 'statement_timeout'`;
  return (await ask(urls, sql))?.ends === true;
}

/** Queries name the schema of one URL, and migrations create tables in that of the other. */
function compareSchemas({ url, directUrl }: DatabaseUrls): void {
  const [schema, direct] = [connectionTo(url).schema, connectionTo(directUrl).schema];
  if (schema === direct) return;
  throw new Error(
    `DATABASE_URL and DIRECT_DATABASE_URL name two schemas, ${schema} and ${direct}: give both the same ?schema=`,
  );
}

/** The error for a pooler that does not pass on start-up settings or notifications; undefined for any other failure. */
function refusal(urls: DatabaseUrls, error: unknown): Error | undefined {
  if (!(error instanceof NotDelivered) && !NO_SETTINGS.test(reasonOf(error))) return undefined;
  return isPooled(urls) ? notDelivered(urls.directUrl) : behindPooler(urls.url, error);
}

function unusable(url: string, variable: string, cause: unknown): Error {
  const reason = reasonOf(cause) || codeOf(cause); // A refusal by every address of a name has no message.
  const text = `Cannot use database ${connectionTo(url).database} (${reason}): ${advice(cause)}, or correct ${variable}`;
  return new Error(text, { cause });
}

function advice(cause: unknown): string {
  const reason = reasonOf(cause);
  if (TLS_ONLY.test(reason)) return 'add sslmode=verify-full';
  return tlsAdvice(cause) ?? (NO_TLS.test(reason) ? 'turn its ssl on' : sessionAdvice(codeOf(cause)));
}

function behindPooler(url: string, cause: unknown): Error {
  const text = `Database ${connectionTo(url).database} is behind a pooler (${reasonOf(cause)}): set DIRECT_DATABASE_URL to PostgreSQL itself`;
  return new Error(text, { cause });
}

function notDelivered(directUrl: string): Error {
  return new Error(
    `What is written through DATABASE_URL is not heard at DIRECT_DATABASE_URL, ${connectionTo(directUrl).database}: let it name PostgreSQL itself, and the same database`,
  );
}
