import pg from 'pg';
import { tlsAdvice } from '../tls-advice.ts';
import { ask, proveHearing, Unheard, type Ways, wayTo } from './hearing.ts';
import { connectionTo } from './schema-engine/connection.ts';
import { codeOf, reasonOf } from './schema-engine/errors.ts';

/** What connecting may take. Milliseconds. */
const CONNECT_MS = 3_000;

/** What PgBouncer says of settings in the URL, or of ours. */
const NO_SETTINGS = /unsupported startup parameter/;

/** What PostgreSQL says when it wants TLS and is not asked for it, and pg when it is the other way round. */
const TLS_ONLY = /no encryption$/;
const NO_TLS = /does not support SSL/;

/**
 * What a start asks of the database before it changes anything: that it is there, and that a session of it hears what is
 * written.
 *
 * @throws an Error of one line that says what to do
 */
export async function makeFirstContact(ways: Ways): Promise<void> {
  const { url, directUrl } = ways;
  const session = await connect(ways);
  try {
    await proveHearing(session, ways);
  } catch (error) {
    const isPooler = error instanceof Unheard || NO_SETTINGS.test(reasonOf(error));
    if (!isPooler) throw unusable(url, 'DATABASE_URL', error);
    throw url === directUrl ? behindPooler(url, error) : unheard(directUrl);
  } finally {
    void session.end().catch(() => {}); // Nobody waits for its goodbye.
  }
}

/**
 * That both ways lead to one table: a pooler's sessions have the `search_path` of their role, whatever `?schema=` says.
 *
 * @throws an Error of one line that says what to do
 */
export async function compareTables({ url, directUrl }: Ways): Promise<void> {
  if (url === directUrl) return;
  const sql = `SELECT to_regclass('properties_property')::oid AS "table"`;
  const ways = [wayTo({ url, directUrl }), wayTo({ url: directUrl, directUrl })];
  const [pooled, direct] = await Promise.all(ways.map(async (way) => (await ask(way, sql))[0]?.table));
  if (pooled === direct) return;
  const { schema } = connectionTo(directUrl);
  throw new Error(
    `DATABASE_URL does not find the table that DIRECT_DATABASE_URL does: ALTER ROLE … SET search_path = ${pg.escapeIdentifier(schema)}`,
  );
}

async function connect({ url, directUrl }: Ways): Promise<pg.Client> {
  try {
    const session = new pg.Client({ connectionString: directUrl, connectionTimeoutMillis: CONNECT_MS });
    session.on('error', () => {}); // The proof fails with it.
    await session.connect();
    return session;
  } catch (error) {
    throw unusable(directUrl, url === directUrl ? 'DATABASE_URL' : 'DIRECT_DATABASE_URL', error);
  }
}

function unusable(url: string, variable: string, cause: unknown): Error {
  const reason = reasonOf(cause) || codeOf(cause); // A refusal by every address of a name has no message.
  const text = `Cannot use database ${connectionTo(url).place} (${reason}): ${advice(cause)}, or correct ${variable}`;
  return new Error(text, { cause });
}

function advice(cause: unknown): string {
  const reason = reasonOf(cause);
  if (TLS_ONLY.test(reason)) return 'add sslmode=verify-full';
  return tlsAdvice(cause) ?? (NO_TLS.test(reason) ? 'turn its ssl on' : 'start it');
}

function behindPooler(url: string, cause: unknown): Error {
  const text = `Database ${connectionTo(url).place} is behind a pooler (${reasonOf(cause)}): set DIRECT_DATABASE_URL to PostgreSQL itself`;
  return new Error(text, { cause });
}

function unheard(directUrl: string): Error {
  return new Error(
    `What is written through DATABASE_URL is not heard at DIRECT_DATABASE_URL, ${connectionTo(directUrl).place}: let it name PostgreSQL itself, and the same database`,
  );
}
