import { Prisma } from '../generated/prisma/client.ts';
import { flushAfterCommit, markRolledBack, queueUntilCommit } from './after-commit.ts';
import { changedNothing } from './failures.ts';
import { isOperation, operations } from './operations.ts';

/** A mutating query, as the rule that names its tags sees it. `result` is undefined if the query failed. */
export interface Mutation {
  readonly operation: string;
  readonly args: unknown;
  readonly result: unknown;
}

export interface InvalidationRules {
  /** The tags of everything that a mutation may have changed. */
  tagsOf(mutation: Mutation): readonly string[];
  invalidate(tags: readonly string[]): Promise<void>;
}

/**
 * The Prisma extension that keeps the cache coherent: every mutating operation invalidates what it touched,
 * after its commit and before its caller gets the answer. A query that failed counts as well, unless it is
 * certain that it changed nothing: the answer of a committed write can be lost on its way.
 */
export function invalidationExtension(rules: InvalidationRules) {
  return Prisma.defineExtension((client) => {
    const hooked = client.$extends({
      query: {
        async $allOperations({ operation, args, query, ...rest }) {
          if (!mayWrite(operation, args)) return query(args);
          const where = transactionKind(rest);
          try {
            const result = await query(args);
            await touch(rules, { operation, args, result }, where);
            return result;
          } catch (error) {
            if (where === 'batch') markRolledBack();
            else if (where === 'itx' || !changedNothing(error)) {
              await touch(rules, { operation, args, result: undefined }, where);
            }
            throw error;
          }
        },
      },
    });
    return hooked.$extends({ client: { $transaction: flushing(hooked, rules) } });
  });
}

async function touch(rules: InvalidationRules, mutation: Mutation, where: TransactionKind): Promise<void> {
  const tags = rules.tagsOf(mutation);
  if (where !== 'none' && queueUntilCommit(tags)) return;
  await rules.invalidate(tags);
}

type TransactionKind = 'none' | 'batch' | 'itx';

/**
 * Which kind of transaction a query runs in. Prisma passes it to query hooks without documenting it; a query
 * of the plain client inside a transaction's callback is not part of that transaction, and only this tells.
 */
function transactionKind(params: object): TransactionKind {
  const internal: unknown = Reflect.get(params, '__internalParams');
  const kind: unknown = Object(Object(internal).transaction).kind;
  return kind === 'batch' || kind === 'itx' ? kind : 'none';
}

/** Raw SQL that only reads. A function called from it may still write: the table's trigger tells of that. */
const READS = /^\s*(select|show|explain|values)\b(?![\s\S]*\b(insert|update|delete|merge|truncate|into)\b)/i;

function mayWrite(operation: string, args: unknown): boolean {
  const kind = isOperation(operation) ? operations[operation] : 'raw';
  if (kind !== 'raw') return kind === 'write';
  return !(operation.startsWith('$queryRaw') && READS.test(rawText(args)));
}

/** Tagged templates arrive as Prisma.Sql, the Unsafe forms as an array with the text first. */
function rawText(args: unknown): string {
  const { strings } = Object(args);
  return Array.isArray(strings) ? strings.join('?') : String(Object(args)[0]);
}

type Begin = (work: unknown, options?: object) => Promise<unknown>;
type Callback = (...args: unknown[]) => unknown;

/** `client.$transaction` that flushes after the commit. The overloads stay Prisma's own: we only pass on. */
function flushing<C extends { $transaction: unknown }>(client: C, rules: InvalidationRules) {
  const begin = client.$transaction as Begin;
  const transaction: Begin = (work, options) =>
    flushAfterCommit(
      () => begin.call(client, isCallback(work) ? marking(work) : work, options),
      (tags) => rules.invalidate(tags),
    );
  return transaction as C['$transaction'];
}

function isCallback(work: unknown): work is Callback {
  return typeof work === 'function';
}

/** An interactive transaction whose callback throws is rolled back for certain. */
function marking(callback: Callback): Callback {
  return async (...args) => {
    try {
      return await callback(...args);
    } catch (error) {
      markRolledBack();
      throw error;
    }
  };
}
