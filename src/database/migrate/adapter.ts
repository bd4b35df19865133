import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils';
import type pg from 'pg';
import type { QueryArrayConfig } from 'pg';
import { connectionTo, MIGRATING, withDatabase } from '../connection.ts';
import { HeldSession } from './held-session.ts';
import { recordTogether } from './migration-record.ts';

/** OIDs: PostgreSQL's one-byte `"char"`, and the type that adapter-pg may take it for. */
const CHAR = 18;
const TEXT = 25;

/** Which columns of a result are `"char"`, by the result's rows. */
const charColumns = new WeakMap<object, ReadonlySet<number>>();

/**
 * `@prisma/adapter-pg` as the schema engine needs it. Five things differ:
 * - one session for everything, so that the advisory lock which the engine takes is held while it works;
 * - a migration goes to PostgreSQL whole: adapter-pg splits it at every `;`, also inside a function's body;
 * - a migration and the record of it are one transaction;
 * - result columns of type `"char"`, which adapter-pg refuses, pass it as text and reach the engine as characters;
 * - the shadow database is really another one (adapter-pg's follows the URL back to the main one), and is
 *   dropped, even while sessions are still connected to it.
 */
export class SchemaEngineAdapter implements SqlMigrationAwareDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = '@prisma/adapter-pg';
  readonly #url: string;
  readonly #begins: ((migration: string) => void) | undefined;
  readonly #sessions: HeldSession[] = [];
  #opened: HeldSession | undefined;

  /** @param begins called with the name of each migration that is applied */
  constructor(url: string, begins?: (migration: string) => void) {
    this.#url = url;
    this.#begins = begins;
  }

  /** Opens the session that the engine will use, for queries before it. */
  open(): HeldSession {
    this.#opened = this.#sessionOf(this.#url);
    return this.#opened;
  }

  async connect(): Promise<SqlDriverAdapter> {
    const session = this.#opened ?? this.#sessionOf(this.#url);
    this.#opened = undefined;
    return this.#adapt(session);
  }

  async connectToShadowDb(): Promise<SqlDriverAdapter> {
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    const main = await this.#adapt(this.#sessionOf(this.#url));
    await main.executeScript(`CREATE DATABASE "${name}"`);
    const shadow = await this.#adapt(this.#sessionOf(withDatabase(this.#url, name)));
    const disconnect = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await disconnect();
      await main.executeScript(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    };
    return shadow;
  }

  /** Why a session was lost: the engine's own error has only a code. */
  get lost(): Error | undefined {
    return this.#sessions.find(({ lost }) => lost)?.lost;
  }

  /** Destroys every session at once: PostgreSQL rolls back their transactions. */
  cutOff(): void {
    for (const session of this.#sessions) session.cutOff();
  }

  /** Ends every session, the latest first: a shadow database is dropped through an earlier one. */
  async close(): Promise<void> {
    for (const session of this.#sessions.toReversed()) await session.end();
  }

  #sessionOf(url: string): HeldSession {
    const session = new HeldSession(connectionTo(url, MIGRATING).config);
    this.#sessions.push(session);
    return session;
  }

  async #adapt(held: HeldSession): Promise<SqlDriverAdapter> {
    const { schema } = connectionTo(this.#url);
    const session = await new PrismaPg(relabelling(held.pool), { schema }).connect();
    const queryRaw = session.queryRaw.bind(session);
    session.queryRaw = async (query) => withCharacters(await queryRaw(query));
    session.dispose = () => held.end();
    recordTogether(session, this.#begins);
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
