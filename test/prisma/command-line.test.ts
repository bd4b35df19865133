import { join } from 'node:path';
import t from 'tap';
import { runSeed } from '../../prisma/seed/command-line.ts';
import { HELP, USAGE } from '../../prisma/seed/options.ts';
import { applyMigrations } from '../../src/database/migrate/migrate.ts';
import { openEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { packageRoot } from '../../src/platform/package-root.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { freePort } from '../../support/redis.ts';

const url = await scratchDatabase(t);

/** What the process of a seed would print and end with. */
async function seed(args: string, DATABASE_URL: string | undefined = url, dataDirectory = 'unused') {
  let [stdout, stderr] = ['', ''];
  const code = await runSeed(args.split(' '), {
    env: DATABASE_URL ? { DATABASE_URL } : {},
    dataDirectory,
    output: { write: (text) => (stdout += text) },
    errors: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

async function rows(columns = 'id, title, description, price, location') {
  return (await execute(url, `SELECT ${columns} FROM properties_property ORDER BY id`)).rows;
}

t.test('listings are added to those there are, without a progress below 1,000', async (t) => {
  for (const [args, summary] of [
    ['--count 20', /^Added 20 listings in \d+\.\d s \(20 in all\)\n$/],
    ['--count 1', /^Added 1 listing in \d+\.\d s \(21 in all\)\n$/],
  ] as const) {
    const { code, stdout, stderr } = await seed(args);
    t.equal(code, 0);
    t.match(stdout, summary);
    t.equal(stderr, '');
  }
});

t.test('--flush with --seed gives the same listings and ids every time', async (t) => {
  const { stdout } = await seed('--flush --seed 7 --count 30');
  t.match(stdout, /^Added 30 listings in .* \(30 in all, 21 removed\)\n$/);
  const listings = await rows();
  t.equal(listings[0]?.id, 1);
  await seed('--flush --seed 7 --count 30');
  t.strictSame(await rows(), listings);
});

t.test('from 1,000 rows on there is progress on stderr', async (t) => {
  const { stdout, stderr } = await seed('--flush --count 2000');
  t.match(stderr, /^50%: 1,000 of 2,000 rows, [\d,]+ rows\/s, \d+ s left\n100%: .*\n$/);
  t.match(stdout, /^Added 2000 listings /);
});

t.test('a bad option exits with 2 and two lines, before anything is connected to', async (t) => {
  t.strictSame(await seed('--count many', 'unused'), {
    code: 2,
    stdout: '',
    stderr: `--count must be a whole number from 1 to 1000000, not "many"\n${USAGE}\n`,
  });
});

t.test('--help says what there is, and ends with 0 before anything is connected to', async (t) => {
  for (const args of ['--help', '-h', '--count 5 --help'])
    t.strictSame(await seed(args, 'unused'), { code: 0, stdout: `${HELP}\n`, stderr: '' });
});

t.test('--flush is refused on another machine, by name and before any connection', async (t) => {
  t.strictSame(await seed('--flush --count 5', 'postgresql://user:secret@db.example.com/listings'), {
    code: 1,
    stdout: '',
    stderr:
      '--flush would empty the database at db.example.com, not on this machine: add --yes if you mean it\n',
  });
});

t.test('--yes lifts the refusal', async (t) => {
  const remote = `postgresql://user:secret@0.0.0.0:${await freePort()}/listings`;
  t.match((await seed('--flush', remote)).stderr, /^--flush would empty the database at 0\.0\.0\.0,/);
  t.match((await seed('--flush --yes', remote)).stderr, /^Cannot use database listings at 0\.0\.0\.0:/);
});

for (const [what, open, message] of [
  [
    'an unreachable database',
    async () => `postgresql://user:secret@127.0.0.1:${await freePort()}/listings`,
    /^Cannot use database listings at 127\.0\.0\.1:\d+ \([^)]+\): start it, or correct DATABASE_URL\n$/,
  ],
  [
    'a database that does not exist',
    async () => url.replace(/test_\w+/, 'missing'),
    /^Cannot use database missing at \S+ \(database "missing" does not exist\): create it \(npx prisma migrate deploy does\), or /,
  ],
  [
    'a database without the table',
    () => scratchDatabase(t, { migrated: false }),
    /^Database \S+ at \S+ has no table of listings: run npx prisma migrate deploy\n$/,
  ],
  ['a DATABASE_URL that is none', async () => 'nonsense', /^DATABASE_URL is no PostgreSQL URL: .*\n$/],
] as const) {
  t.test(`${what} is a failure of one line, with and without --flush`, async (t) => {
    const DATABASE_URL = await open();
    for (const args of ['--count 5', '--count 5 --flush']) {
      const { code, stdout, stderr } = await seed(args, DATABASE_URL);
      t.strictSame([code, stdout], [1, '']);
      t.match(stderr, message);
    }
  });
}

t.test('a failure on the way leaves everything as it was', async (t) => {
  await seed('--flush --count 10');
  const before = await rows('*');
  await execute(url, 'ALTER TABLE properties_property ADD CONSTRAINT no_more CHECK (id < 1500)');
  const { code, stdout, stderr } = await seed('--flush --count 2000');
  t.strictSame([code, stdout], [1, '']);
  t.match(stderr, /^50%[\s\S]*\nDatabase \S+ at \S+ was not seeded: .*no_more.*\n$/);
  t.strictSame(await rows('*'), before);
});

t.test('without a DATABASE_URL the embedded database is filled, and closed again', async (t) => {
  const directory = join(t.testdir(), '.data');
  const postgres = await openEmbeddedPostgres(directory);
  await applyMigrations(postgres.url, join(packageRoot, 'prisma', 'migrations'));
  await postgres.close();
  const { code, stdout } = await seed('--count 5', '', directory);
  t.equal(code, 0);
  t.match(stdout, /^Added 5 listings in .* \(5 in all\)\n$/);
  await t.rejects(execute(postgres.url, 'SELECT 1'), { code: 'ECONNREFUSED' });
});
