export { connectionTo } from './connection.ts';
export {
  brokenRuleOf,
  changedNothing,
  inabilityOf,
  isDatabaseBusy,
  isDatabaseSlow,
  isDatabaseUnavailable,
  isNotFound,
  type Refusal,
} from './failures.ts';
export { applyMigrations } from './migrate/migrate.ts';
export { type DatabaseUrls, proveDelivery } from './notification-proof.ts';
export { openPool, STATEMENT_MS } from './open-pool.ts';
export type { Pool } from './pool.ts';
export { compareTables, endsStatements, preflight } from './preflight.ts';
export { retried } from './retries.ts';
export { RowStreams } from './row-streams.ts';
export { Session, startupOf } from './session.ts';
