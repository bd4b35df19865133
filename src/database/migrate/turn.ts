import { setTimeout as delay } from 'node:timers/promises';
import { MigrationsLocked } from '../../errors.ts';
import type { HeldSession } from './held-session.ts';

/** The advisory lock of Prisma's schema engine, which is held by the session that changes the database. */
const LOCK = 72_707_369;

/** Between two attempts to get it. Milliseconds. */
const LOOK_MS = 200;

/** How long to wait for it. Milliseconds. */
const PATIENCE_MS = 60_000;

const TRY = `SELECT pg_try_advisory_lock(${LOCK})`;
const HOLDER = `SELECT coalesce((
  SELECT pid || ' (' || coalesce(nullif(application_name, ''), 'without a name') || ')'
  FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'advisory' AND (classid, objid, objsubid) = (0, ${LOCK}, 1) AND granted
    AND database = datid AND datname = current_database()
), 'that is just ending')`;

/** What ends a wait, and what is called while it lasts. */
export interface Waiting {
  /** Ends it, and whatever it waits for in PostgreSQL. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what is waited for now. */
  readonly waitsFor?: (what: string) => void;
  /** Milliseconds, a minute unless given. */
  readonly patience?: number;
}

/**
 * Waits until `session` has the migration lock, which it keeps until it ends. The engine takes the same lock, but reports
 * nothing while it waits.
 *
 * @param database its name and host, for messages
 * @throws MigrationsLocked when another session has it for too long
 */
export async function takeTurn(session: HeldSession, database: string, waiting: Waiting): Promise<void> {
  const { signal, waitsFor, patience = PATIENCE_MS } = waiting;
  const deadline = performance.now() + patience;
  while (!(await firstValue(session, TRY))) {
    const holder = String(await firstValue(session, HOLDER));
    if (performance.now() > deadline) throw new MigrationsLocked(database, holder, patience / 1_000);
    waitsFor?.(`the migration lock, which session ${holder} has`);
    await delay(LOOK_MS, undefined, { signal });
  }
}

async function firstValue(session: HeldSession, sql: string): Promise<unknown> {
  return (await session.query(sql)).rows[0]?.[0];
}
