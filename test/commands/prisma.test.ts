import { execFile } from 'node:child_process';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { packageRoot } from '../../src/platform/package-root.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { untraced } from '../../support/untraced.ts';

// Prisma's CLI as a user runs it, over the bridge to the schema engine.

t.test('migrate deploy creates a database that is missing', async (t) => {
  const url = await scratchDatabase(t, { migrated: false });
  const renamed = url.replace(/test_\w+/, '$&_new');
  const project = await projectOf(t, renamed);
  t.teardown(() => execute(url, `DROP DATABASE "${new URL(renamed).pathname.slice(1)}"`));
  t.match(await project.prisma('migrate', 'deploy'), { code: 0, output: /successfully applied/ });
});

t.test('migrate reset --force empties the database and migrates it again', async (t) => {
  const url = await scratchDatabase(t);
  const project = await projectOf(t, url);
  await execute(url, "INSERT INTO properties_property VALUES (1, 'Flat', 'Quiet.', 1200, 'Accra')");
  t.match(await project.prisma('migrate', 'reset', '--force'), { code: 0, output: /reset successful/ });
  t.equal((await execute(url, 'SELECT FROM properties_property')).rowCount, 0);
  t.match(await project.prisma('migrate', 'status'), { code: 0, output: /schema is up to date/ });
});

t.test('migrate dev --name writes a migration for what the schema changed, and applies it', async (t) => {
  const url = await scratchDatabase(t);
  const project = await projectOf(t, url);
  const schema = join(project.folder, 'schema.prisma');
  await writeFile(schema, `${await readFile(schema, 'utf8')}\nmodel Agent {\n  id Int @id\n}\n`);
  const dev = await project.prisma('migrate', 'dev', '--name', 'add_agents');
  t.match(dev, { code: 0, output: /now in sync/ });
  const sql = await project.migration(/_add_agents$/);
  t.match(sql, 'CREATE TABLE "Agent"');
  t.notMatch(sql, 'properties_property', 'the shadow database had the other migrations');
  t.equal((await execute(url, 'SELECT FROM "Agent"')).rowCount, 0);
});

t.test('migrate goes to DIRECT_DATABASE_URL where that is set', async (t) => {
  const DIRECT_DATABASE_URL = await scratchDatabase(t, { migrated: false });
  const project = await projectOf(t, 'postgresql://127.0.0.1:1/pooler', { DIRECT_DATABASE_URL });
  t.match(await project.prisma('migrate', 'deploy'), { code: 0, output: /successfully applied/ });
  t.match(await project.prisma('migrate', 'status'), { code: 0, output: /schema is up to date/ });
});

t.test('a PRISMA_SCHEMA_ENGINE_BINARY that is set already is the one that runs', async (t) => {
  const { folder } = await projectOf(t, 'unused');
  const own = join(folder, 'own-engine');
  await writeFile(own, '#!/bin/sh\necho an engine of my own\n', { mode: 0o755 });
  const { output } = await runPrisma(folder, ['version'], { PRISMA_SCHEMA_ENGINE_BINARY: own });
  t.match(output, /Schema Engine +: an engine of my own/);
});

/** A copy of what `migrate dev` writes to, under this project's own prisma.config.ts. */
async function projectOf(t: Test, url: string, own: Record<string, string> = {}) {
  const config = `import config from ${JSON.stringify(join(packageRoot, 'prisma.config.ts'))};
    export default { ...config, schema: 'schema.prisma', migrations: { path: 'migrations' } };`;
  const folder = t.testdir({ 'prisma.config.ts': config });
  await cp(join(packageRoot, 'prisma/schema.prisma'), join(folder, 'schema.prisma'));
  const migrations = join(folder, 'migrations');
  await cp(join(packageRoot, 'prisma/migrations'), migrations, { recursive: true });
  return {
    folder,
    prisma: (...args: string[]) => runPrisma(folder, args, { DATABASE_URL: url, ...own }),
    async migration(name: RegExp): Promise<string> {
      const [found = ''] = (await readdir(migrations)).filter((directory) => name.test(directory));
      return readFile(join(migrations, found, 'migration.sql'), 'utf8');
    },
  };
}

interface Finished {
  code: number | null;
  output: string;
}

function runPrisma(cwd: string, args: string[], own: Record<string, string>): Promise<Finished> {
  const { PRISMA_SCHEMA_ENGINE_BINARY, ...inherited } = process.env;
  const env = { ...inherited, CHECKPOINT_DISABLE: '1', NO_COLOR: '1', ...own };
  return new Promise((resolve) => {
    const prisma = join(packageRoot, 'node_modules/.bin/prisma');
    const child = execFile(...untraced(prisma, args), { cwd, env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}
