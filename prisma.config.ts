import { join } from 'node:path';
import { defineConfig } from 'prisma/config';
import { startEmbeddedPostgres } from './prisma/embedded-postgres.ts';
import { loadEnvironment } from './src/platform/environment.ts';

const root = import.meta.dirname;
const usesDatabase = process.argv.some((word) => ['migrate', 'db', 'studio'].includes(word));
const asksForHelp = process.argv.some((word) => ['--help', '-h'].includes(word));
if (usesDatabase) loadEnvironment();

// Without it the CLI downloads an engine from a host that many networks block.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= join(root, 'prisma/schema-engine.js');

// Nor does it ask Prisma's servers whether there is a newer one.
process.env.CHECKPOINT_DISABLE ??= '1';

if (usesDatabase && !asksForHelp)
  process.env.DATABASE_URL ??= await startEmbeddedPostgres(join(root, '.data'));

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: {
    path: 'prisma/migrations',
    seed: 'scripts/seed.sh',
  },
  // Its lock is a session's, which a pooler hands around.
  datasource: { url: process.env.DIRECT_DATABASE_URL ?? process.env.DATABASE_URL ?? '' },
});
