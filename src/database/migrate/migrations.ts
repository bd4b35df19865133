import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationDirectory, MigrationList } from '@prisma/schema-engine-wasm';

/** A folder of migrations as the schema engine takes it: oldest first, as their names begin with the time. */
export async function readMigrations(baseDir: string): Promise<MigrationList> {
  const entries = await readdir(baseDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const lock = 'migration_lock.toml';
  return {
    baseDir,
    lockfile: { path: lock, content: await readFile(join(baseDir, lock), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(names.sort().map((name) => readMigration(baseDir, name))),
  };
}

async function readMigration(baseDir: string, name: string): Promise<MigrationDirectory> {
  const file = 'migration.sql';
  const value = await readFile(join(baseDir, name, file), 'utf8');
  return { path: name, migrationFile: { path: file, content: { tag: 'ok', value } } };
}
