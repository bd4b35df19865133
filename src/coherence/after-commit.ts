import { AsyncLocalStorage } from 'node:async_hooks';
import { changedNothing } from '../database/index.ts';
import { joinNames, type TagNames } from '../platform/index.ts';

/**
 * Invalidations that a transaction causes, and that must wait for its outcome. The three rules:
 *
 * 1. A query outside of any transaction is one by itself.
 * 2. What a query may touch is queued before the query is sent, and flushed once after the commit and before
 *    the caller gets its answer.
 * 3. A transaction that is known to have rolled back drops its queue. One whose outcome is unknown (the
 *    connection was lost at COMMIT) flushes it: an invalidation too many costs a query, one too few a stale answer.
 */
export interface Transaction {
  /** A query by itself, an array of them, or a callback. */
  readonly kind: 'single' | 'batch' | 'interactive';
  readonly touched: Set<string>;
  /** What some of the tags stand for. */
  names: TagNames;
  rolledBack: boolean;
}

const transactions = new AsyncLocalStorage<Transaction>();

/** True inside a transaction: what it reads may be uncommitted, or older than what is committed. */
export function inTransaction(): boolean {
  return transactions.getStore() !== undefined;
}

/** The transaction whose queries are being sent as one batch. */
export function currentBatch(): Transaction | undefined {
  const transaction = transactions.getStore();
  return transaction?.kind === 'batch' ? transaction : undefined;
}

/** Queues what one query of it may touch. */
export function touch(transaction: Transaction, tags: Iterable<string>, names: TagNames): void {
  for (const tag of tags) transaction.touched.add(tag);
  transaction.names = joinNames(transaction.names, names);
}

/** Runs a whole transaction, and `flush` with what it touched unless it rolled back. */
export async function flushAfterCommit<T>(
  kind: Transaction['kind'],
  run: (transaction: Transaction) => Promise<T>,
  flush: (tags: string[], names: TagNames) => Promise<void>,
): Promise<T> {
  const transaction: Transaction = { kind, touched: new Set(), names: new Map(), rolledBack: false };
  const answer = transactions.run(transaction, () => run(transaction));
  const refused = await answer.then(() => false, changedNothing);
  if (!refused && !transaction.rolledBack) await flush([...transaction.touched], transaction.names);
  return answer;
}
