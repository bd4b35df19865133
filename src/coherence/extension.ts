import { retried } from '../database/index.ts';
import { ModelWithoutRule } from '../errors.ts';
import { Prisma, type PrismaClient } from '../generated/prisma/client.ts';
import { fieldsOf, type TagNames } from '../platform/index.ts';
import { currentBatch, flushAfterCommit, type Transaction, touch } from './after-commit.ts';
import { operations } from './operations.ts';

/** A mutating query of one model, from which a rule derives the tags. */
export interface Mutation {
  readonly operation: string;
  readonly args: unknown;
  /** Its result, where that is known: only of a query that is a transaction by itself. */
  readonly result?: unknown;
}

/** The tags of everything that a mutation of a model may change. */
export type TagRule = (mutation: Mutation) => readonly string[];

/** What some of these tags stand for. */
export type NameRule = (mutation: Mutation) => TagNames;

export interface InvalidationRules {
  /** A rule for every model: a new model fails the build until it has one. */
  readonly tagsOf: Readonly<Record<Prisma.ModelName, TagRule>>;
  /** One for each model that has tags which do not say what they stand for. */
  readonly namesOf?: Readonly<Partial<Record<Prisma.ModelName, NameRule>>>;
  /** The tags that raw SQL invalidates, because its changes are not known. */
  readonly everything: readonly string[];
  invalidate(tags: readonly string[], names: TagNames): Promise<void>;
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
        $transaction: transaction as (typeof plain)['$transaction'], // With Prisma's overloads: see `begin`.
        /** Runs one statement, outside of any transaction, for a caller that knows better than the rules what it touches. */
        $touching: <T>(
          tags: readonly string[],
          run: (client: Unhooked) => Promise<T>,
          names: TagNames = NO_NAMES,
        ): Promise<T> => {
          const send = async (alone: Transaction) => {
            touch(alone, tags, names);
            return retried(() => run(client));
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
      async $allOperations({ model, operation, args, query }) {
        const transaction = transactionOf();
        const run = () => (transaction ? query(args) : retried(() => query(args)));
        if (!mayWrite(operation, args)) return run();
        const tagsOf = ruleFor(model, rules);
        const namesOf = nameRuleFor(model, rules);
        const send = async (current: Transaction) => {
          touch(current, tagsOf({ operation, args }), namesOf({ operation, args }));
          return run();
        };
        const sendAlone = async (alone: Transaction) => {
          const result = await send(alone);
          const mutation = { operation, args, result }; // It is committed: more is known.
          const [tags, names] = [tagsOf(mutation), namesOf(mutation)];
          alone.touched.clear();
          touch(alone, tags, names);
          return result;
        };
        return transaction ? send(transaction) : flushAfterCommit('single', sendAlone, rules.invalidate);
      },
    },
  });
}

/** @throws ModelWithoutRule before anything is sent: a change that invalidates nothing would be served stale. */
function ruleFor(model: string | undefined, { tagsOf, everything }: InvalidationRules): TagRule {
  if (model === undefined) return () => everything;
  const rule = new Map<string, TagRule>(Object.entries(tagsOf)).get(model);
  if (!rule) throw new ModelWithoutRule(model);
  return rule;
}

const NO_NAMES: TagNames = new Map();

function nameRuleFor(model: string | undefined, { namesOf = {} }: InvalidationRules): NameRule {
  return new Map<string | undefined, NameRule>(Object.entries(namesOf)).get(model) ?? (() => NO_NAMES);
}

/** One statement that only reads. A function called from it may still write: the table's trigger tells of that. */
const READS = /^\s*(select|show|explain|values)\b(?![\s\S]*(\b(insert|update|delete|merge)\b|;\s*\S))/i;

function mayWrite(operation: string, args: unknown): boolean {
  if (operations[operation] === 'read') return false;
  return !operation.startsWith('$queryRaw') || !READS.test(rawText(args));
}

/** Tagged templates arrive as Prisma.Sql, the Unsafe methods as an array with the text first. */
function rawText(args: unknown): string {
  const { strings, 0: text } = fieldsOf(args);
  return Array.isArray(strings) ? strings.join('?') : String(text);
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
