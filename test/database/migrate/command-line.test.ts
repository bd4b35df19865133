import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { runSchemaEngine } from '../../../src/database/migrate/command-line.ts';
import { readMigrations } from '../../../src/database/migrate/migrations.ts';
import { withoutBacktrace } from '../../../src/database/reasons.ts';
import { packageRoot } from '../../../src/platform/package-root.ts';
import { execute, scratchDatabase } from '../../../support/database.ts';

const url = await scratchDatabase(t);
const UNREACHABLE = 'postgresql://postgres:secret@127.0.0.1:1/listings';

t.test('--version names the commit that the engine was built from', async (t) => {
  t.match(await run(['--version']), { code: 0, output: /^schema-engine-wasm [0-9a-f]{40}\n$/ });
});

t.test('can-connect-to-database succeeds silently', async (t) => {
  t.strictSame(await runCli('can-connect-to-database', url), { code: 0, output: '', errors: '' });
});

t.test('can-connect-to-database fails with the code that the CLI acts on', async (t) => {
  const failures = [
    ['P1003', url.replace(/test_\w+/, '$&_missing'), /database "\w+_missing" does not exist/],
    ['P1001', UNREACHABLE, /ECONNREFUSED/],
    ['P1013', 'mysql://127.0.0.1/listings', /no PostgreSQL URL/],
  ] as const;
  for (const [error_code, url, message] of failures) {
    const { code, errors } = await runCli('can-connect-to-database', url);
    t.equal(code, 1);
    const expected = { level: 'ERROR', target: 'schema_engine::logger', fields: { error_code, message } };
    t.match(JSON.parse(errors.slice(errors.indexOf('\n'))), expected);
    t.notMatch(errors, 'secret');
  }
});

t.test('create-database creates it, and says P1009 when it is there already', async (t) => {
  const missing = url.replace(/test_\w+/, '$&_missing');
  t.teardown(() => execute(url, `DROP DATABASE "${new URL(missing).pathname.slice(1)}"`));
  t.match(await runCli('create-database', missing), { code: 0 });
  t.match(await runCli('can-connect-to-database', missing), { code: 0 });
  t.match(await runCli('create-database', missing), { code: 1, errors: /"P1009"/ });
});

t.test('requests are answered in order until the input ends', async (t) => {
  const answers = await ask(url, [
    { id: 1, method: 'getDatabaseVersion' },
    { id: 2, method: 'diff', params: diffOf('model A {\n id Int @id\n}') },
    { id: 2, result: {} },
    { id: 3, method: 'dbExecute', params: { datasourceType: { tag: 'url', url }, script: 'SELECT 1' } },
  ]);
  t.match(answers, [
    { jsonrpc: '2.0', id: 1, result: /^PostgreSQL 1\d/ },
    { id: 2, method: 'print', params: { content: /Added tables\n {2}- A/ } },
    { id: 2, result: { exitCode: 0 } },
    { id: 3, result: null },
  ]);
  t.equal(answers.length, 4, 'what the CLI answers to `print` is no request');
});

t.test(
  'what the migrations amount to is found in a shadow database, and the real one is left alone',
  async (t) => {
    const from = { tag: 'migrations', ...(await readMigrations(join(packageRoot, 'prisma/migrations'))) };
    const answers = await ask(url, [
      { id: 1, method: 'diff', params: { ...diffOf('model A {\n id Int @id\n}'), from } },
    ]);
    t.match(answers[0], {
      params: { content: /\[-\] Removed tables\n {2}- properties_property\n/ },
    });
    t.equal((await execute(url, 'SELECT FROM properties_property')).rowCount, 0);
  },
);

t.test('what a change of the schema would lose is evaluated, without a diagnosis before it', async (t) => {
  const migrationsList = await readMigrations(join(packageRoot, 'prisma/migrations'));
  const content = await readFile(join(packageRoot, 'prisma/schema.prisma'), 'utf8');
  const schema = { files: [{ path: 'schema.prisma', content }] };
  const params = { migrationsList, schema, filters: { externalTables: [], externalEnums: [] } };
  t.match(await ask(url, [{ id: 1, method: 'evaluateDataLoss', params }]), [
    { result: { migrationSteps: 0 } },
  ]);
});

t.test('a request that fails says why, and the next one is answered', async (t) => {
  const answers = await ask(url, [
    { id: 1, method: 'diff', params: diffOf('model') },
    { id: 2, method: 'fly' },
    { id: 3, method: 'getDatabaseVersion' },
  ]);
  t.match(answers, [
    { id: 1, error: { data: { is_panic: false, error_code: 'P1012', message: /This line is invalid/ } } },
    { id: 2, error: { data: { message: 'The schema engine cannot do fly' } } },
    { id: 3, result: /^PostgreSQL/ },
  ]);
});

t.test('an engine that cannot be opened answers every request with the reason', async (t) => {
  const answers = await ask(UNREACHABLE, [
    { id: 1, method: 'getDatabaseVersion' },
    { id: 2, method: 'getDatabaseVersion' },
  ]);
  t.match(answers, [
    { id: 1, error: { data: { message: /reach/ } } },
    { id: 2, error: {} },
  ]);
});

t.test('the schema files that the command line names are read', async (t) => {
  const folder = t.testdir({ 'schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n' });
  const version = [{ id: 1, method: 'getDatabaseVersion' }];
  t.match(await ask(url, version, ['--datamodels', `${folder}/schema.prisma`]), [{ result: /PostgreSQL/ }]);
  t.match(await ask(url, version, ['--datamodels', `${folder}/none`]), [
    { error: { data: { message: /ENOENT/ } } },
  ]);
});

t.test('an input that ends without a request ends the engine', async (t) => {
  t.strictSame(await ask(url, []), []);
});

t.test('a thrown value that is no Error is its own message', async (t) => {
  t.equal(withoutBacktrace('out of luck'), 'out of luck');
});

/** The last test, as nothing can be asked of the engine afterwards. */
t.test('a panic of the engine is answered with what it says', async (t) => {
  const answers = await ask(url, [{ id: 1, method: 'debugPanic' }]);
  t.match(answers, [{ id: 1, error: { data: { message: /artificial panic/ } } }]);
});

function runCli(command: string, url: string) {
  return run(['--datasource', JSON.stringify({ url }), 'cli', command]);
}

async function ask(url: string, requests: object[], args: string[] = []): Promise<object[]> {
  const lines = requests.map((request) => `${JSON.stringify({ jsonrpc: '2.0', ...request })}\n`);
  const { output } = await run(['--datasource', JSON.stringify({ url }), ...args], lines.join(''));
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

async function run(args: string[], given = '') {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  input.end(given);
  const code = await runSchemaEngine(args, { input, output, errors });
  return { code, output: await text(output.end()), errors: await text(errors.end()) };
}

function diffOf(model: string) {
  const content = `datasource db {\n provider = "postgresql"\n}\n${model}`;
  return {
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
    script: false,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  };
}
