import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import pg, { type QueryArrayConfig } from 'pg';
import { connectionTo, withDatabase } from './connection.ts';

const CHAR = 18;
const TEXT = 25;

/**
 * `@prisma/adapter-pg` as the schema engine needs it. Four things differ:
 * - one session for everything, so that the advisory lock which the engine takes is held while it works;
 * - a migration goes to PostgreSQL whole: adapter-pg splits it at every `;`, also inside a function's body;
 * - result columns of type `"char"`, which adapter-pg refuses, are relabelled as text;
 * - the shadow database is really another one (adapter-pg's follows the URL back to the main one), and is
 *   dropped, whoever is still connected to it.
 */
export class SchemaEngineAdapter implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = '@prisma/adapter-pg';
  readonly #url: string;
  readonly #sessions: SqlDriverAdapter[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  connect(): Promise<SqlDriverAdapter> {
    return this.#connectTo(this.#url);
  }

  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    const main = await this.connect();
    await main.executeScript(`CREATE DATABASE "${name}"`);
    const shadow = await this.#connectTo(withDatabase(this.#url, name));
    const disconnect = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await disconnect();
      await main.executeScript(`DROP DATABASE "${name}" WITH (FORCE)`);
    };
    return shadow;
  }

  /** Ends every session, also those that the engine has forgotten. */
  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.dispose()));
  }

  async #connectTo(url: string): Promise<SqlDriverAdapter> {
    const { config, schema } = connectionTo(url);
    const pool = relabelling(new pg.Pool(config));
    const session = await new PrismaPg(pool, { schema }).connect();
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
      for (const field of [result].flat().flatMap(({ fields }) => fields)) {
        if (field.dataTypeID === CHAR) field.dataTypeID = TEXT;
      }
      return result;
    },
  });
}
