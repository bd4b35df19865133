import pg from 'pg';

/** The options of a session. */
export interface SessionOptions {
  /** Its `application_name`, in `pg_stat_activity` and in its notifications. At most 63 bytes. */
  readonly name: string;
  /** How long connecting may take; unless given, as the URL has it. Milliseconds. */
  readonly connectMs?: number;
  /** The session is a pooler's, which shares sessions and supports few settings. */
  readonly pooled?: boolean;
  /** How long a statement may take, and a transaction may wait for its next one; 0: for ever. Milliseconds. */
  readonly statementMs?: number;
  /**
   * How long one lock may be waited for; 0: for ever, as where a statement may take for ever; undefined: as long as the
   * role may. Milliseconds.
   */
  readonly lockMs?: number | undefined;
}

export interface SessionConfig extends pg.PoolConfig {
  /** The parameters of the start-up packet, besides the user and the database. */
  readonly startup: Readonly<Record<string, string>>;
}

/** Settings that every pooler keeps for each of its clients, as it does `client_encoding`, which `pg` sends. */
const SHARED = { TimeZone: 'UTC', DateStyle: 'ISO, MDY' };

/** Settings that `options` in the URL may override. JIT compilation takes longer than the statements: 300 ms for one of 3 ms. */
const DEFAULTS = { jit: 'off' };

/** Settings that the drivers, Prisma's engine and this service's SQL rely on. */
const SETTINGS = {
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  default_transaction_isolation: 'read committed',
  extra_float_digits: '1',
  gin_fuzzy_search_limit: '0',
  idle_session_timeout: '0',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
};

/** PostgreSQL 17 and later have it, the others refuse a session that sets it. */
const UNLIMIT_TRANSACTIONS = `SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'`;

/**
 * A session with PostgreSQL whose settings do not depend on others: the start-up packet overrides those of a server, a
 * database or a role (https://www.postgresql.org/docs/current/config-setting.html), and of the environment only the variables
 * that locate the database count, not `PGOPTIONS` or `PGAPPNAME`. Where it is lost while no query runs, its next one fails.
 */
export class Session extends pg.Client {
  readonly #startup: SessionConfig['startup'];

  /** @param config optional only in the types, which `pg.Pool` asks for */
  constructor(config?: SessionConfig) {
    super(config);
    this.#startup = { ...config?.startup };
    // Without a listener the event ends the process, and a pool removes its own before the caller has the session: PostgreSQL
    // may end it in the same packet in which it is ready.
    this.on('error', ignore);
  }

  /** Called by `pg`: the parameters of the start-up packet. */
  getStartupConf(): Record<string, string | undefined> {
    return { user: this.user, database: this.database, ...this.#startup };
  }
}

/**
 * The parameters of the start-up packet.
 *
 * @param own the `options` of the URL
 */
export function startupOf(
  { name, pooled = false, statementMs = 0, lockMs = statementMs === 0 ? 0 : undefined }: SessionOptions,
  { schema = 'public', own = '' } = {},
): SessionConfig['startup'] {
  const startup = { application_name: name, ...SHARED };
  const limit = String(statementMs);
  const required = {
    ...SETTINGS,
    search_path: pg.escapeIdentifier(schema),
    statement_timeout: limit,
    idle_in_transaction_session_timeout: limit,
    ...(lockMs !== undefined && { lock_timeout: String(lockMs) }),
  };
  const options = pooled ? own : [optionsOf(DEFAULTS), own, optionsOf(required)].join(' ');
  return options ? { ...startup, options } : startup;
}

/** Removes the limit of whole transactions, for a session without time limits. */
export async function unlimitTransactions(client: pg.ClientBase): Promise<void> {
  await client.query(UNLIMIT_TRANSACTIONS);
}

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS: a backslash protects a space. */
function optionsOf(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`)
    .join(' ');
}

function ignore(): void {}
