import { randomBytes } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import t, { type Test } from 'tap';
import {
  brokenRuleOf,
  changedNothing,
  inabilityOf,
  isDatabaseBusy,
  isDatabaseSlow,
  isDatabaseUnavailable,
  isNotFound,
  isSerializationFailure,
} from '../../src/database/failures.ts';
import { PrismaClient } from '../../src/generated/prisma/client.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { freePort } from '../../support/redis.ts';
import { LISTING, losingAnswers, NO_SUCH_ID, recording } from '../coherence/fixture.ts';

const url = await scratchDatabase(t);
const { prisma } = recording(t, url);

const failureOf = (query: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(query).then(
    () => 'no failure',
    (error) => error,
  );

const where = (change: Partial<URL>): string => Object.assign(new URL(url), change).href;

/** The URL with a role that the server knows until the end of the test. */
async function role(t: Test, options: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(url, `CREATE ROLE ${name} PASSWORD 'secret' ${options}`);
  t.teardown(() => execute(url, `DROP ROLE ${name}`));
  return where({ username: name, password: 'secret' });
}

/** The protocol's version, 3.0, in the first message of a session. */
const STARTUP = '\u0000\u0003\u0000\u0000';

const UNREACHABLE: Record<string, (t: Test) => string | Promise<string>> = {
  'nothing listens on its port': async () => where({ host: `127.0.0.1:${await freePort()}` }),
  'its host is not known': () => where({ hostname: 'no-such-host.invalid' }),
  'the database does not exist': () => where({ pathname: '/no_such_database' }),
  'it offers no TLS that we would trust': () => where({ search: '?sslmode=verify-full' }),
  'the role may not log in': (t) => role(t, 'NOLOGIN'),
  'it has too many connections': (t) => role(t, 'LOGIN CONNECTION LIMIT 0'),
  'it ends the connection without a word': (t) => losingAnswers(t, url, { text: STARTUP }),
  'it resets the connection': (t) =>
    losingAnswers(t, url, { text: STARTUP, instead: (client) => client.resetAndDestroy() }),
};

for (const [condition, elsewhere] of Object.entries(UNREACHABLE)) {
  t.test(`the database is unavailable when ${condition}, whatever the query`, async (t) => {
    const { prisma } = recording(t, await elsewhere(t));
    const { property } = prisma;
    for (const query of [
      () => property.findMany(),
      () => property.create({ data: LISTING }),
      () => prisma.$queryRaw`SELECT 1`,
      () => prisma.$executeRaw`DELETE FROM properties_property`,
      () => prisma.$transaction([property.count(), property.count()]),
      () => prisma.$transaction(async () => {}),
    ]) {
      const error = await failureOf(query());
      t.ok(isDatabaseUnavailable(error), String(error));
      t.notOk(changedNothing(error));
    }
  });
}

t.test('the database is unavailable when it ends the session', async (t) => {
  t.test('under a query', async (t) => {
    const outer = await failureOf(
      prisma.$transaction(async (tx) => {
        const [session] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
        const running = failureOf(tx.$queryRaw`SELECT 1 FROM pg_sleep(600)`);
        await execute(url, `SELECT pg_terminate_backend(${session?.pid})`);
        for (const error of [await running, await failureOf(tx.property.count())]) {
          t.ok(isDatabaseUnavailable(error), String(error));
          t.notOk(changedNothing(error));
        }
        throw await running;
      }),
    );
    t.ok(isDatabaseUnavailable(outer));
  });

  t.test('with a message of its own', async (t) => {
    for (const query of [
      prisma.$executeRaw`SELECT pg_terminate_backend(pg_backend_pid())`,
      prisma.$executeRaw`DO $$ BEGIN RAISE SQLSTATE '57P03'; END $$`,
      prisma.$executeRaw`DO $$ BEGIN RAISE SQLSTATE '08006'; END $$`,
    ]) {
      const error = await failureOf(query);
      t.ok(isDatabaseUnavailable(error), String(error));
      t.notOk(changedNothing(error));
    }
  });

  t.test('at the commit, which the driver reports in words of its own', async (t) => {
    await execute(
      url,
      `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(600); RETURN NULL; END $$;
       CREATE CONSTRAINT TRIGGER die AFTER INSERT ON properties_property
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`,
    );
    t.teardown(() => execute(url, 'DROP TRIGGER die ON properties_property'));
    const { prisma } = recording(t, url);
    const create = prisma.property.create({ data: LISTING });
    const error = await failureOf(prisma.$transaction([create, prisma.property.count()]));
    t.equal(Object(error).name, 'DriverAdapterError');
    t.ok(isDatabaseUnavailable(error), String(error));
    t.notOk(changedNothing(error));
  });
});

t.test('the database is unavailable while it accepts no connections', async (t) => {
  const elsewhere = await scratchDatabase(t);
  const name = new URL(elsewhere).pathname.slice(1);
  const { prisma } = recording(t, elsewhere);
  await execute(url, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  const error = await failureOf(prisma.property.count());
  t.match(String(error), /not currently accepting connections/);
  t.ok(isDatabaseUnavailable(error));
  t.notOk(changedNothing(error));
});

t.test('the database is unavailable when no connection or transaction can be had in time', async (t) => {
  const adapter = new PrismaPg({ connectionString: url, max: 1, connectionTimeoutMillis: 1_000 });
  const prisma = new PrismaClient({ adapter });
  t.teardown(() => prisma.$disconnect());
  await prisma.$transaction(async () => {
    const exhausted = await failureOf(prisma.property.findMany());
    t.ok(isDatabaseBusy(exhausted), 'the pool is exhausted');
    t.ok(isDatabaseSlow(exhausted));
    t.notOk(isDatabaseUnavailable(exhausted), 'the database is there');
    const late = await failureOf(prisma.$transaction(async () => {}, { maxWait: 10 }));
    t.match(late, { code: 'P2028' });
    t.ok(isDatabaseUnavailable(late));
  });
});

t.test('what PostgreSQL or Prisma refused changed nothing, and the database is available', async (t) => {
  const { id } = await prisma.property.create({ data: LISTING });
  const { property } = prisma;
  const refusals = [
    await failureOf(property.create({ data: { ...LISTING, id } })),
    await failureOf(property.create({ data: { ...LISTING, title: 'x'.repeat(201) } })),
    await failureOf(property.create({ data: { ...LISTING, title: 'a\u0000b' } })),
    await failureOf(property.update({ where: { id: NO_SUCH_ID }, data: LISTING })),
    await failureOf(property.create({ data: {} as typeof LISTING })),
  ];
  for (const error of refusals) {
    t.ok(changedNothing(error), String(error));
    t.notOk(isDatabaseUnavailable(error));
  }
  t.same(refusals.map(isNotFound), [false, false, false, true, false]);
});

t.test('raw SQL that PostgreSQL refused is not certain to have changed nothing', async (t) => {
  for (const query of [
    prisma.$executeRaw`SELECT 1 / 0`,
    prisma.$executeRaw`DO $$ BEGIN RAISE 'Connection terminated, says who?'; END $$`,
  ]) {
    const error = await failureOf(query);
    t.notOk(changedNothing(error));
    t.notOk(isDatabaseUnavailable(error));
  }
});

t.test('what is no failure of the database says nothing about it', async (t) => {
  for (const error of [new Error('bad luck'), undefined, null, 'a string', { message: 7 }]) {
    t.notOk(isDatabaseUnavailable(error));
    t.notOk(changedNothing(error));
    t.notOk(isNotFound(error));
  }
});

t.test('each SQLSTATE is of one kind, whichever way the error came', async (t) => {
  const kinds = {
    unavailable: ['08006', '25P03', '25P04', '40003', '55000', '57P01', '57P05'],
    inability: ['2200H', '25006', '40001', '40P01', '42501', '53100', '55P03', '57014', '58P01', 'XX000'],
    rule: ['22012', '23514', '23505', '44000', '45000', '54000', 'P0001', 'ACME1', '09000', '38000'],
    neither: ['42P01', '42703', '0A000', '25001', '26000', '3F000', '34000'],
  };
  for (const [kind, codes] of Object.entries(kinds)) {
    for (const code of codes) {
      const raise = `DO $$ BEGIN RAISE SQLSTATE '${code}' USING MESSAGE = 'why'; END $$`;
      for (const error of [
        await failureOf(prisma.$executeRawUnsafe(raise)),
        await failureOf(execute(url, raise)),
      ]) {
        t.equal(isDatabaseUnavailable(error), kind === 'unavailable', code);
        t.same(inabilityOf(error), kind === 'inability' ? { sqlstate: code, message: 'why' } : undefined);
        t.same(brokenRuleOf(error), kind === 'rule' ? { sqlstate: code, message: 'why' } : undefined);
        t.equal(isDatabaseSlow(error), kind === 'inability', 'it is there');
        t.equal(isSerializationFailure(error), code === '40001' || code === '40P01');
      }
    }
  }
});

t.test('what PostgreSQL says before it ends a session is no answer', async (t) => {
  const fatal = { originalCode: '53100', originalMessage: 'no space', severity: 'FATAL' };
  const error = Object.assign(new Error('x'), { cause: fatal });
  t.ok(isDatabaseUnavailable(error));
  t.equal(inabilityOf(error), undefined);
});

t.test('a database that is slow, or asked too much, may be there all the same', async (t) => {
  const slow = [
    new Error('Query read timeout'),
    Object.assign(new Error('Transaction API error'), { code: 'P2028' }),
    Object.assign(new Error('x'), { cause: { kind: 'TooManyConnections' } }),
  ];
  for (const error of slow) t.ok(isDatabaseSlow(error), error.message);
  for (const error of [new Error('Connection terminated'), undefined, { code: 'ECONNREFUSED' }]) {
    t.notOk(isDatabaseSlow(error));
  }
});
