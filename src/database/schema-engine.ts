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

/**
 * Prisma's schema engine, on the PostgreSQL that `url` names. `datamodels` are schema files, each as path
 * and content; applying migrations needs none.
 */
export async function openSchemaEngine(
  url: string,
  datamodels: [string, string][] | undefined,
): Promise<OpenSchemaEngine> {
  const { SchemaEngine } = await loadWasm();
  const adapter = new SchemaEngineAdapter(url);
  const close = () => adapter.close();
  const bound = bindMigrationAwareSqlAdapterFactory(adapter);
  try {
    return { engine: await SchemaEngine.new({ datamodels }, () => undefined, bound), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Applies what is pending in `migrationsDirectory` and returns its names, in order. Several instances may
 * do it at once: the engine works under PostgreSQL's advisory lock 72707369, as Prisma's commands do.
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
  const { engine, close } = await openSchemaEngine(url, undefined);
  try {
    const filters = { externalTables: [], externalEnums: [] };
    return (await engine.applyMigrations({ migrationsList, filters })).appliedMigrationNames;
  } finally {
    await close();
  }
}
