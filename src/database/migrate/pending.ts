import type { HeldSession } from './held-session.ts';

/** The state of the migrations in a database. */
export interface Pending {
  /** The names of those that are not applied, in order. */
  readonly missing: readonly string[];
  /** The names of those that were begun, and neither finished nor resolved: Prisma applies nothing while there are any. */
  readonly unfinished: readonly string[];
}

const RECORDS = `SELECT migration_name, finished_at IS NOT NULL FROM _prisma_migrations WHERE rolled_back_at IS NULL`;

/** As the schema engine decides it, which looks at names alone: a file that was changed after it was applied stays applied. */
export async function pendingOf(session: HeldSession, names: readonly string[]): Promise<Pending> {
  const { rows: tables } = await session.query(`SELECT to_regclass('_prisma_migrations') IS NOT NULL`);
  const { rows } = tables[0]?.[0] ? await session.query(RECORDS) : { rows: [] };
  const records = rows.map(([name, isFinished]) => ({ name: String(name), isFinished: isFinished === true }));
  const finished = new Set(records.filter(({ isFinished }) => isFinished).map(({ name }) => name));
  return {
    missing: names.filter((name) => !finished.has(name)),
    unfinished: records.filter(({ isFinished }) => !isFinished).map(({ name }) => name),
  };
}
