import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { currentBatch, flushAfterCommit, type Transaction } from './after-commit.ts';
import { operations } from './operations.ts';

/** A mutating query, as the rule that names its tags sees it. */
export interface Mutation {
  readonly operation: string;
  readonly args: unknown;
  /** What it answered, where that is known: only of a query that is a transaction by itself. */
  readonly result?: unknown;
}

export interface InvalidationRules {
  /** The tags of everything that a mutation may change. */
  tagsOf(mutation: Mutation): readonly string[];
  invalidate(tags: readonly string[]): Promise<void>;
}

/** The client without the hooks. */
type Unhooked = Pick<PrismaClient, '$queryRawUnsafe'>;

/**
 * The Prisma extension that keeps the cache coherent: every mutating operation invalidates what it may have
 * touched, after its commit and before its caller gets the answer. A query that failed counts as well, unless
 * it is certain that it changed nothing: the answer of a committed write can be lost on its way.
 *
 * The client of an interactive transaction has hooks of its own: its queries belong to that transaction
 * wherever they are made, inside the callback of another one too, and those of the plain client never do.
 */
export function invalidationExtension(rules: InvalidationRules) {
  return Prisma.defineExtension((client) => {
    const plain = client.$extends(hooks(rules, currentBatch));
    const transaction: Begin = (work, options) =>
      flushAfterCommit(
        isCallback(work) ? 'interactive' : 'batch',
        (current) => {
          if (!isCallback(work)) return begin(plain, work, options);
          const inside = client.$extends(hooks(rules, () => current));
          return begin(inside, marking(work, current), options);
        },
        rules.invalidate,
      );
    return plain.$extends({
      client: {
        $transaction: transaction as (typeof plain)['$transaction'],
        /** Runs one statement, outside of any transaction, for a caller who knows better than the rules what it touches. */
        $touching: <T>(tags: readonly string[], run: (client: Unhooked) => Promise<T>): Promise<T> => {
          const send = async ({ touched }: Transaction) => {
            for (const tag of tags) touched.add(tag);
            return run(client as unknown as Unhooked);
          };
          return flushAfterCommit('single', send, rules.invalidate);
        },
      },
    });
  });
}

/** `transactionOf` tells which transaction a query of the extended client is part of. */
function hooks(rules: InvalidationRules, transactionOf: () => Transaction | undefined) {
  return Prisma.defineExtension({
    query: {
      async $allOperations({ operation, args, query }) {
        if (!mayWrite(operation, args)) return query(args);
        const send = async ({ touched }: Transaction) => {
          for (const tag of rules.tagsOf({ operation, args })) touched.add(tag);
          return query(args);
        };
        const sendAlone = async (alone: Transaction) => {
          const result = await send(alone);
          alone.touched = new Set(rules.tagsOf({ operation, args, result })); // It is committed: more is known.
          return result;
        };
        const transaction = transactionOf();
        return transaction ? send(transaction) : flushAfterCommit('single', sendAlone, rules.invalidate);
      },
    },
  });
}

/** One statement that only reads. A function called from it may still write: the table's trigger tells of that. */
const READS = /^\s*(select|show|explain|values)\b(?![\s\S]*(\b(insert|update|delete|merge)\b|;\s*\S))/i;

function mayWrite(operation: string, args: unknown): boolean {
  if (operations[operation] === 'read') return false;
  return !operation.startsWith('$queryRaw') || !READS.test(rawText(args));
}

/** Tagged templates arrive as Prisma.Sql, the Unsafe forms as an array with the text first. */
function rawText(args: unknown): string {
  const { strings } = Object(args);
  return Array.isArray(strings) ? strings.join('?') : String(Object(args)[0]);
}

type Begin = (work: unknown, options?: object) => Promise<unknown>;
type Callback = (...args: unknown[]) => unknown;

/** `$transaction`, without the overloads: they stay Prisma's own, we only pass on. */
function begin(client: { $transaction: unknown }, work: unknown, options?: object): Promise<unknown> {
  return (client.$transaction as Begin)(work, options);
}

function isCallback(work: unknown): work is Callback {
  return typeof work === 'function';
}

/** An interactive transaction whose callback throws is rolled back for certain. */
function marking(callback: Callback, transaction: Transaction): Callback {
  return async (...args) => {
    try {
      return await callback(...args);
    } catch (error) {
      transaction.rolledBack = true;
      throw error;
    }
  };
}
