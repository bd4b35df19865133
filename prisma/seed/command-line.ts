import { loadConfig } from '../../src/config.ts';
import { connectionTo, openSession } from '../../src/database/connection.ts';
import type { Session } from '../../src/database/session.ts';
import { openEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { EVERYTHING } from '../../src/features/properties/tags.ts';
import { addListings, type Outcome } from './add-listings.ts';
import { explain } from './failure.ts';
import { openInvalidation } from './invalidation.ts';
import { hostOf, isThisMachine } from './local-host.ts';
import { mergingMeanwhile } from './merge-pending.ts';
import { BadOption, HELP, readOptions, type SeedOptions, USAGE } from './options.ts';
import { type Screen, showProgress } from './progress.ts';

export interface SeedProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the embedded database is kept, which is filled while `DATABASE_URL` is unset. */
  readonly dataDirectory: string;
  readonly output: Screen;
  readonly errors: Screen;
}

/**
 * `npx prisma db seed -- --count 25 [--flush] [--seed N] [--yes]`. Returns the exit code: 0, 2 for a bad
 * option, 1 for any other failure, which leaves the table as it was.
 */
export async function runSeed(args: readonly string[], seed: SeedProcess): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) {
      seed.output.write(`${HELP}\n`);
      return 0;
    }
    const { url, close } = await openDatabase(seed);
    try {
      const { database } = connectionTo(url);
      refuseRemoteFlush(options, url);
      await fill(options, { ...seed, url, database });
    } finally {
      await close();
    }
    return 0;
  } catch (error) {
    const bad = error instanceof BadOption;
    seed.errors.write(`${error instanceof Error ? error.message : error}\n${bad ? `${USAGE}\n` : ''}`);
    return bad ? 2 : 1;
  }
}

/** PostgreSQL itself, where `DATABASE_URL` is a pooler's; prisma.config.ts sets that too. Else the embedded PostgreSQL. */
async function openDatabase({ env: { DATABASE_URL, DIRECT_DATABASE_URL }, dataDirectory }: SeedProcess) {
  const url = DIRECT_DATABASE_URL || DATABASE_URL;
  return url ? { url, close: async () => {} } : openEmbeddedPostgres(dataDirectory);
}

function refuseRemoteFlush({ flush, yes }: SeedOptions, url: string): void {
  const host = hostOf(url);
  if (!flush || yes || isThisMachine(host)) return;
  throw new Error(
    `--flush would empty the database at ${host}, not on this machine: add --yes if you mean it`,
  );
}

interface Target extends SeedProcess {
  readonly url: string;
  /** The database, for messages. */
  readonly database: string;
}

/** A session that takes its time; what connecting may take. Milliseconds. */
const SEEDING = { name: 'property-listings seed', connectMs: 3_000 };

async function fill(options: SeedOptions, { env, output, errors, url, database }: Target): Promise<void> {
  const { CACHE_NAMESPACE: namespace } = loadConfig({ CACHE_NAMESPACE: env.CACHE_NAMESPACE });
  const redis = { url: env.REDIS_URL, namespace };
  const { invalidate, close } = await openInvalidation(redis, (line) => errors.write(`${line}\n`));
  const start = performance.now();
  const progress = showProgress(options.count, errors);
  const sessions: Session[] = [];
  const open = async () => {
    const session = await openSession(url, SEEDING);
    sessions.push(session);
    return session;
  };
  try {
    const client = await open();
    const merger = await open();
    const adding = addListings(client, options, progress.add).finally(progress.end);
    const outcome = await mergingMeanwhile(merger, adding);
    await invalidate(EVERYTHING);
    output.write(`${summary(outcome, performance.now() - start)}\n`);
  } catch (error) {
    throw new Error(explain(error, database), { cause: error });
  } finally {
    for (const session of sessions) await session.end().catch(() => {});
    close();
  }
}

function summary({ added, removed, total }: Outcome, milliseconds: number): string {
  const listings = added === 1 ? 'listing' : 'listings';
  const after = removed > 0 ? `${total} in all, ${removed} removed` : `${total} in all`;
  return `Added ${added} ${listings} in ${(milliseconds / 1000).toFixed(1)} s (${after})`;
}
