import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { MigrationsLocked, MigrationUnfinished } from '../../errors.ts';
import { connectionTo } from '../connection.ts';
import { reasonOf } from '../reasons.ts';
import { SchemaEngineAdapter } from './adapter.ts';
import { readMigrations } from './migrations.ts';
import { pendingOf } from './pending.ts';
import { takeTurn, type Waiting } from './turn.ts';

export interface OpenSchemaEngine {
  engine: SchemaEngine;
  close(): Promise<void>;
}

/** Schema files, each as path and content; applying migrations needs none. */
type Datamodels = [string, string][] | undefined;

export interface Migrating extends Waiting {
  /** Called with a problem that does not prevent the start. */
  readonly warn?: (text: string) => void;
}

/** Prisma's schema engine, on the PostgreSQL that `url` names. The caller closes it. */
export async function openSchemaEngine(url: string, datamodels?: Datamodels): Promise<OpenSchemaEngine> {
  const adapter = new SchemaEngineAdapter(url);
  const close = () => adapter.close();
  try {
    return { engine: await engineOn(adapter, datamodels), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Applies what is pending in `migrationsDirectory` and returns its names, in order. Several instances may
 * do it at once: the work is done under the advisory lock that Prisma's commands take as well. Where nothing is pending
 * two queries say so, and neither the lock nor the engine is asked for.
 *
 * @throws an Error of one line, or the reason of the signal
 */
export async function applyMigrations(
  url: string,
  migrationsDirectory: string,
  migrating: Migrating = {},
): Promise<string[]> {
  const { database } = connectionTo(url);
  const { signal, waitsFor } = migrating;
  const adapter = new SchemaEngineAdapter(url, (name) => waitsFor?.(`migration ${name}`));
  const cutOff = () => adapter.cutOff();
  signal?.addEventListener('abort', cutOff);
  let applied: string[] = [];
  try {
    applied = await applyPending(adapter, migrationsDirectory, { ...migrating, database });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof MigrationsLocked || error instanceof MigrationUnfinished) throw error;
    throw new Error(
      `Database ${database} was not migrated: ${reasonOf(adapter.lost ?? error)}. Run \`npx prisma migrate status\`, or correct DATABASE_URL`,
      { cause: error },
    );
  } finally {
    signal?.removeEventListener('abort', cutOff);
    await adapter.close();
  }
  return applied;
}

async function applyPending(
  adapter: SchemaEngineAdapter,
  migrationsDirectory: string,
  { database, ...migrating }: Migrating & { database: string },
): Promise<string[]> {
  const migrationsList = await readMigrations(migrationsDirectory);
  const names = migrationsList.migrationDirectories.map(({ path }) => path);
  const session = adapter.open();
  const { missing, unfinished } = await pendingOf(session, names);
  if (missing.length === 0) {
    if (unfinished.length > 0)
      migrating.warn?.(`${unfinished.join(', ')} of another release failed: ${RESOLVE}`);
    return [];
  }
  await takeTurn(session, database, migrating);
  const left = await pendingOf(session, names); // Another instance may have been faster.
  if (left.missing.length === 0) return [];
  if (left.unfinished.length > 0) throw new MigrationUnfinished(database, left.unfinished.join(', '));
  const engine = await engineOn(adapter);
  const filters = { externalTables: [], externalEnums: [] };
  return (await engine.applyMigrations({ migrationsList, filters })).appliedMigrationNames;
}

const RESOLVE = 'nothing newer is applied until `npx prisma migrate resolve` says what became of it';

/** The engine is loaded here and nowhere else. */
async function engineOn(adapter: SchemaEngineAdapter, datamodels?: Datamodels): Promise<SchemaEngine> {
  const { loadWasm } = await import('./wasm.ts');
  const { SchemaEngine } = await loadWasm();
  return SchemaEngine.new({ datamodels }, ignoreLog, bindMigrationAwareSqlAdapterFactory(adapter));
}

function ignoreLog(): void {}
