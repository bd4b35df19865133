import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { SchemaEngineAdapter } from './schema-engine/adapter.ts';
import { connectionTo } from './schema-engine/connection.ts';
import { reasonOf } from './schema-engine/errors.ts';
import { readMigrations } from './schema-engine/migrations.ts';
import { loadWasm } from './schema-engine/wasm.ts';

export interface OpenSchemaEngine {
  engine: SchemaEngine;
  close(): Promise<void>;
}

interface Options {
  /** Schema files, each as path and content; applying migrations needs none. */
  datamodels?: [string, string][] | undefined;
  /** Waits up to a minute until no other engine changes the database. */
  alone?: boolean;
}

/** Prisma's schema engine, on the PostgreSQL that `url` names. Whoever opens it closes it. */
export async function openSchemaEngine(
  url: string,
  { datamodels, alone = false }: Options,
): Promise<OpenSchemaEngine> {
  const { SchemaEngine } = await loadWasm();
  const adapter = new SchemaEngineAdapter(url, alone);
  const close = () => adapter.close();
  const bound = bindMigrationAwareSqlAdapterFactory(adapter);
  try {
    return { engine: await SchemaEngine.new({ datamodels }, ignoreLog, bound), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Applies what is pending in `migrationsDirectory` and returns its names, in order. Several instances may
 * do it at once: the work is done under the advisory lock that Prisma's commands take as well.
 *
 * @throws an Error of one line
 */
export async function applyMigrations(url: string, migrationsDirectory: string): Promise<string[]> {
  const { place } = connectionTo(url);
  try {
    return await applyPending(url, migrationsDirectory);
  } catch (error) {
    throw new Error(
      `Database ${place} was not migrated: ${reasonOf(error)}. Run \`npx prisma migrate status\`, or correct DATABASE_URL`,
      { cause: error },
    );
  }
}

async function applyPending(url: string, migrationsDirectory: string): Promise<string[]> {
  const migrationsList = await readMigrations(migrationsDirectory);
  const { engine, close } = await openSchemaEngine(url, { alone: true });
  try {
    const filters = { externalTables: [], externalEnums: [] };
    return (await engine.applyMigrations({ migrationsList, filters })).appliedMigrationNames;
  } finally {
    await close();
  }
}

function ignoreLog(): void {}
