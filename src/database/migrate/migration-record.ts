import {
  isDriverAdapterError,
  type SqlDriverAdapter,
  type SqlQuery,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils';
import { fieldsOf } from '../../platform/index.ts';

/** How the engine records that it begins to apply a migration. The first value is the record's id, the last the migration's name. */
const BEGUN =
  'INSERT INTO "_prisma_migrations" ("id","checksum","started_at","migration_name") VALUES ($1,$2,$3,$4)';
const FINISHED = 'UPDATE "_prisma_migrations" SET "finished_at" = now() WHERE "id" = $1';

/**
 * PostgreSQL ends a statement this soon after its client is gone, and with it the transaction. Servers on Windows cannot.
 * https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-CLIENT-CONNECTION-CHECK-INTERVAL
 */
const END_WITH_CLIENT = "SET client_connection_check_interval = '1s'";

/** What PostgreSQL says of `CREATE INDEX CONCURRENTLY` and its like inside a transaction, having done nothing. */
const NOT_IN_TRANSACTION = '25001';

/** The classes of errors that the migration did not cause: connections, locks, limits, resources, an operator. */
const OPERATIONAL = /^(08|25|40|53|55|57|58|F0|XX)/;

const ignore = () => {};

const NOTHING: SqlResultSet = { columnNames: [], columnTypes: [], rows: [] };

/**
 * Makes `session` commit what a migration does together with the record that it is done. The engine makes three
 * transactions of it: a process that is killed between them, or during one, would leave a record that may be wrong, and Prisma
 * refuses to migrate until a person has resolved it.
 *
 * So the record that a migration begins is held back until its script comes. A migration that is interrupted leaves nothing,
 * and is applied again; one that fails by its own fault is recorded as failed, as Prisma does it.
 */
export function recordTogether(session: SqlDriverAdapter, begins?: (migration: string) => void): void {
  const queryRaw = session.queryRaw.bind(session);
  const executeRaw = session.executeRaw.bind(session);
  const run = (sql: string) => executeRaw({ sql, args: [], argTypes: [] });
  let begun: SqlQuery | undefined;

  const write = async () => {
    const record = begun;
    begun = undefined;
    if (record) await executeRaw(record);
  };
  session.queryRaw = async (query) => {
    await write();
    if (query.sql !== BEGUN) return queryRaw(query);
    begun = query;
    return NOTHING;
  };
  session.executeRaw = async (query) => {
    await write();
    return executeRaw(query);
  };
  session.executeScript = async (sql) => {
    const record = begun;
    begun = undefined;
    if (!record) return void (await run(sql));
    begins?.(String(record.args[3]));
    await run(END_WITH_CLIENT).catch(ignore);
    try {
      await run('BEGIN');
      await executeRaw(record);
      await run(sql);
      await executeRaw(finished(record));
      await run('COMMIT');
    } catch (error) {
      await run('ROLLBACK').catch(ignore);
      const code = sqlStateOf(error);
      if (!OPERATIONAL.test(code) || code === NOT_IN_TRANSACTION) await executeRaw(record).catch(ignore);
      if (code !== NOT_IN_TRANSACTION) throw error;
      await run(sql);
    }
  };
}

function finished({ args, argTypes }: SqlQuery): SqlQuery {
  return { sql: FINISHED, args: args.slice(0, 1), argTypes: argTypes.slice(0, 1) };
}

/** Operational, where PostgreSQL did not give one: the connection was lost. */
function sqlStateOf(error: unknown): string {
  const given = fieldsOf(error);
  const { originalCode = '08000' } = isDriverAdapterError(given) ? given.cause : {};
  return originalCode;
}
