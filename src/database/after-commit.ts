import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Work that a transaction causes and that must wait for its outcome. The three rules:
 *
 * 1. Outside a transaction there is nothing to wait for.
 * 2. Inside one, what was touched is queued, and flushed once after the commit and before the caller of
 *    `$transaction` gets its answer.
 * 3. A transaction that is known to have rolled back drops its queue. One whose outcome is unknown (the
 *    connection was lost at COMMIT) flushes it: an invalidation too many costs a query, one too few a lie.
 */
interface Scope {
  readonly touched: Set<string>;
  rolledBack: boolean;
}

const scopes = new AsyncLocalStorage<Scope>();

/** True inside a transaction that has written: what it reads is nobody else's yet. */
export function hasUncommittedWrites(): boolean {
  return (scopes.getStore()?.touched.size ?? 0) > 0;
}

/** Queues `tags` until the commit of the surrounding transaction; false when there is none. */
export function queueUntilCommit(tags: readonly string[]): boolean {
  const scope = scopes.getStore();
  if (!scope) return false;
  for (const tag of tags) scope.touched.add(tag);
  return true;
}

/** Says that the surrounding transaction cannot commit any more. */
export function markRolledBack(): void {
  const scope = scopes.getStore();
  if (scope) scope.rolledBack = true;
}

/** Runs a whole transaction, and `flush` with what it touched unless it rolled back. */
export async function flushAfterCommit<T>(
  transaction: () => Promise<T>,
  flush: (tags: string[]) => Promise<void>,
): Promise<T> {
  const scope: Scope = { touched: new Set(), rolledBack: false };
  try {
    return await scopes.run(scope, transaction);
  } catch (error) {
    if (scope.rolledBack) scope.touched.clear();
    throw error;
  } finally {
    await flush([...scope.touched]);
  }
}
