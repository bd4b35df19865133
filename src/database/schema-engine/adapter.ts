import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils';
import pg, { type QueryArrayConfig } from 'pg';
import { connectionTo, withDatabase } from './connection.ts';

/** What the engine itself locks for every change, with a limit of 10 s, and not when it makes the schema. */
const LOCK = "SET lock_timeout = '60s'; SELECT pg_advisory_lock(72707369); RESET lock_timeout";

/** OIDs: PostgreSQL's one-byte `"char"`, and the type that adapter-pg may take it for. */
const CHAR = 18;
const TEXT = 25;

/** Which columns of a result are `"char"`, by the result's rows. */
const charColumns = new WeakMap<object, ReadonlySet<number>>();

/**
 * `@prisma/adapter-pg` as the schema engine needs it. Four things differ:
 * - one session for everything, so that the advisory lock which the engine takes is held while it works;
 * - a migration goes to PostgreSQL whole: adapter-pg splits it at every `;`, also inside a function's body;
 * - result columns of type `"char"`, which adapter-pg refuses, pass it as text and reach the engine as characters;
 * - the shadow database is really another one (adapter-pg's follows the URL back to the main one), and is
 *   dropped, whoever is still connected to it.
 */
export class SchemaEngineAdapter implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = '@prisma/adapter-pg';
  readonly #url: string;
  readonly #alone: boolean;
  readonly #sessions: SqlDriverAdapter[] = [];

  /** @param alone waits up to a minute until no other engine changes the database */
  constructor(url: string, alone: boolean) {
    this.#url = url;
    this.#alone = alone;
  }

  async connect(): Promise<SqlDriverAdapter> {
    const session = await this.#connectTo(this.#url);
    if (this.#alone) await session.executeScript(LOCK);
    return session;
  }

  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    const main = await this.#connectTo(this.#url);
    await main.executeScript(`CREATE DATABASE "${name}"`);
    const shadow = await this.#connectTo(withDatabase(this.#url, name));
    const disconnect = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await disconnect();
      await main.executeScript(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    };
    return shadow;
  }

  /** Ends every session that is left, the latest first: a shadow database is dropped through an earlier one. */
  async close(): Promise<void> {
    for (const session of this.#sessions.toReversed()) await session.dispose();
  }

  async #connectTo(url: string): Promise<SqlDriverAdapter> {
    const { config, schema } = connectionTo(url);
    const pool = relabelling(new pg.Pool(config));
    const session = await new PrismaPg(pool, { schema }).connect();
    const queryRaw = session.queryRaw.bind(session);
    session.queryRaw = async (query) => withCharacters(await queryRaw(query));
    session.executeScript = async (sql) => {
      await session.executeRaw({ sql, args: [], argTypes: [] });
    };
    session.dispose = async () => {
      if (!pool.ending) await pool.end();
    };
    this.#sessions.push(session);
    return session;
  }
}

/** A script of several statements has as many results. */
function relabelling(pool: pg.Pool): pg.Pool {
  const original = pool.query.bind(pool);
  return Object.assign(pool, {
    async query(query: QueryArrayConfig) {
      const result = await original(query);
      for (const { fields, rows } of [result].flat()) {
        const chars = new Set(fields.filter(({ dataTypeID }) => dataTypeID === CHAR));
        charColumns.set(rows, new Set([...chars].map((field) => fields.indexOf(field))));
        for (const field of chars) field.dataTypeID = TEXT;
      }
      return result;
    },
  });
}

function withCharacters(result: SqlResultSet): SqlResultSet {
  const chars = charColumns.get(result.rows);
  const columnTypes = result.columnTypes.map((type, index) =>
    chars?.has(index) ? ColumnTypeEnum.Character : type,
  );
  return { ...result, columnTypes };
}
