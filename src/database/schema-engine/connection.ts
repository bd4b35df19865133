import type { PoolConfig } from 'pg';

/** One session with PostgreSQL: the schema engine takes its advisory lock in it and keeps it until the end. */
export interface Connection {
  config: PoolConfig;
  schema: string;
  /** For messages: the database and where it is, without user or password. */
  place: string;
}

/**
 * What Prisma's parameters in a PostgreSQL URL mean to `pg`, which ignores `schema` and `connect_timeout`
 * (seconds, 5 when unset; 0: wait for ever). The others, `sslmode` among them, are `pg`'s own. `settings` of the session
 * come before those that the URL has in `options`, which win; a pooler shares its sessions, and gets none of ours.
 */
export function connectionTo(url: string, { settings = '', pooled = false } = {}): Connection {
  const parsed = parseUrl(url);
  const schema = parsed.searchParams.get('schema') ?? 'public';
  const seconds = Number(parsed.searchParams.get('connect_timeout') ?? 5);
  parsed.searchParams.delete('schema');
  const path = schema === 'public' ? '' : `-c search_path=${quoted(schema)}`;
  const own = pooled ? [] : [settings, path];
  const options = [...own, parsed.searchParams.get('options') ?? ''].filter((text) => text !== '');
  if (options.length > 0) parsed.searchParams.set('options', options.join(' '));
  return {
    config: {
      connectionString: parsed.href,
      max: 1,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: seconds * 1000,
    },
    schema,
    place: `${databaseOf(url)} at ${parsed.host}`,
  };
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

function parseUrl(url: string): URL {
  if (/^postgres(ql)?:/.test(url) && URL.canParse(url)) return new URL(url);
  throw new Error('DATABASE_URL is no PostgreSQL URL: write postgresql://user:password@host:5432/database');
}

/** An identifier inside the `options` of a connection, where a backslash protects a space. */
function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`.replace(/[\\ ]/g, '\\$&');
}
