import { Context } from '../context.ts';
import { changedNothing } from './failures.ts';

/**
 * Work that a transaction causes and that must wait for its outcome. The three rules:
 *
 * 1. A query outside of any is a transaction by itself.
 * 2. What a query may touch is queued before the query is sent, and flushed once after the commit and before
 *    the caller gets its answer.
 * 3. A transaction that is known to have rolled back drops its queue. One whose outcome is unknown (the
 *    connection was lost at COMMIT) flushes it: an invalidation too many costs a query, one too few a lie.
 */
export interface Transaction {
  /** A query by itself, an array of them, or a callback. */
  readonly form: 'single' | 'batch' | 'interactive';
  touched: Set<string>;
  rolledBack: boolean;
}

const transactions = new Context<Transaction>();

/** True inside a transaction: what it reads may be its own yet, or older than what is committed. */
export function inTransaction(): boolean {
  return transactions.value !== undefined;
}

/** The transaction whose queries are being sent as one batch. */
export function currentBatch(): Transaction | undefined {
  const transaction = transactions.value;
  return transaction?.form === 'batch' ? transaction : undefined;
}

/** Runs a whole transaction, and `flush` with what it touched unless it rolled back. */
export async function flushAfterCommit<T>(
  form: Transaction['form'],
  run: (transaction: Transaction) => Promise<T>,
  flush: (tags: string[]) => Promise<void>,
): Promise<T> {
  const transaction: Transaction = { form, touched: new Set(), rolledBack: false };
  const answer = transactions.run(transaction, () => run(transaction));
  const refused = await answer.then(() => false, changedNothing);
  if (!refused && !transaction.rolledBack) await flush([...transaction.touched]);
  return answer;
}
