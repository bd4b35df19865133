import {
  Session,
  type SessionConfig,
  type SessionOptions,
  startupOf,
  unlimitTransactions,
} from './session.ts';

/** The options of a session without time limits. */
export const MIGRATING = { name: 'property-listings migrate' } as const;

/** How to connect to a database. */
export interface Connection {
  /** For a pool of one session that is kept until the pool ends: the schema engine takes its advisory lock in it. */
  readonly config: SessionConfig;
  readonly schema: string;
  /** The name of the database and its host, for messages: without user or password. */
  readonly database: string;
}

/**
 * How long after `statement_timeout` the client gives up waiting for an answer: then the query fails, and its connection is
 * closed. Milliseconds.
 */
const ANSWER_MS = 500;

/** URL parameters that `pg` does not know, or that would override the configuration. */
const NOT_FOR_PG = ['connect_timeout', 'options', 'query_timeout', 'schema'];

/**
 * Reads a PostgreSQL URL as Prisma does: with `schema` (`public` when unset, whatever the role's `search_path`) and
 * `connect_timeout` (seconds; 5 when unset, 0: for ever), which `pg` ignores. Other parameters, `sslmode` among them, are left
 * to `pg`.
 */
export function connectionTo(url: string, options: SessionOptions = MIGRATING): Connection {
  const parsed = parseUrl(url);
  const { searchParams } = parsed;
  const schema = searchParams.get('schema') || 'public';
  const { statementMs = 0, connectMs = 1000 * Number(searchParams.get('connect_timeout') ?? 5) } = options;
  const own = searchParams.get('options') ?? '';
  for (const name of NOT_FOR_PG) searchParams.delete(name);
  return {
    config: {
      connectionString: parsed.href,
      sslnegotiation: 'postgres',
      startup: startupOf(options, { schema, own }),
      Client: Session,
      ...(statementMs > 0 ? { query_timeout: statementMs + ANSWER_MS } : { onConnect: unlimitTransactions }),
      max: 1,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: connectMs,
      keepAlive: true,
    },
    schema,
    database: `${databaseOf(url)} at ${parsed.host}`,
  };
}

/** Opens a session outside of any pool. */
export async function openSession(url: string, options: SessionOptions): Promise<Session> {
  const { config } = connectionTo(url, options);
  const session = new Session(config);
  try {
    await session.connect();
    await config.onConnect?.(session);
    return session;
  } catch (error) {
    void session.end().catch(() => {}); // Not awaited: the error is known.
    throw error;
  }
}

export function databaseOf(url: string): string {
  return decodeURIComponent(parseUrl(url).pathname.slice(1));
}

/** The same server, user and parameters, another database. */
export function withDatabase(url: string, database: string): string {
  const parsed = parseUrl(url);
  parsed.pathname = encodeURIComponent(database);
  return parsed.href;
}

/** A URL in which every character of the password that would end the authority is encoded. */
const URL_PARTS = /^postgres(ql)?:\/\/[^/?#]*(\/[^/?#@]*(\?[^#]*)?|\?[^#@]*)?$/;

/** @throws an Error without the URL: a password may be anywhere in what cannot be parsed */
function parseUrl(url: string): URL {
  if (URL_PARTS.test(url) && URL.canParse(url)) return new URL(url);
  throw new Error(
    'DATABASE_URL is no PostgreSQL URL: write postgresql://user:password@host:5432/database, with %40 for @, %2F for /, %3F for ? and %23 for # in a password',
  );
}
