import t from 'tap';
import { createCaches } from '../../src/cache/caches.ts';
import { MemoryStore } from '../../src/cache/stores/memory-store.ts';
import { inTransaction } from '../../src/coherence/after-commit.ts';
import { createPrisma, type Prisma, type Reader } from '../../src/coherence/client.ts';
import { getAllProperties } from '../../src/features/properties/get-all-properties.ts';
import { EVERYTHING as ALL_TAGS, locationTag, tagsOf } from '../../src/features/properties/tags.ts';
import { Prisma as Sql } from '../../src/generated/prisma/client.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { Gate } from '../helpers/gate.ts';
import { LISTING, losingAnswers, NO_SUCH_ID, recording } from './fixture.ts';

type Inside = Parameters<Parameters<Prisma['$transaction']>[0]>[0];

const url = await scratchDatabase(t);
const { prisma, output } = recording(t, url);
const { property } = prisma;

/** Tags as `output` has them: what a new row in Accra touches, what touches the whole, and a row whose location is known. */
const ADDED = [locationTag('Accra'), 'properties'].sort().join(' ');
const EVERYTHING = 'location:* properties property:*';
const TOO_LONG = { ...LISTING, title: 'x'.repeat(201) };
const row = (id: number) => `${ADDED} property:${id}`;

/** A row whose location is not known. */
const rowAnywhere = (id: number) => `location:* properties property:${id}`;

/** A row in a transaction, where answers do not count, and a new one in Accra. */
const rowAndAdded = (id: number) => `location:* ${ADDED} property:${id}`;

/** All titles, as another connection sees them. */
async function committed(): Promise<string[]> {
  const { rows } = await execute(url, 'SELECT title FROM properties_property ORDER BY id');
  return rows.map(({ title }) => title);
}

/** A row that a test may change. */
async function existing(): Promise<number> {
  const { id } = await property.create({ data: LISTING });
  output.take();
  return id;
}

t.test('the invalidation extension', async (t) => {
  t.beforeEach(async () => {
    output.during = async () => {};
    await execute(url, 'TRUNCATE properties_property');
    output.take();
  });

  const title = 'changed';
  const WRITES: Record<
    string,
    { write: (id: number) => PromiseLike<unknown>; tags?: (id: number) => string }
  > = {
    create: { write: () => property.create({ data: { ...LISTING, title } }), tags: () => ADDED },
    createMany: {
      write: () => property.createMany({ data: [{ ...LISTING, title }] }),
      tags: () => ADDED,
    },
    createManyAndReturn: {
      write: () => property.createManyAndReturn({ data: [{ ...LISTING, title }] }),
      tags: () => ADDED,
    },
    update: { write: (id) => property.update({ where: { id }, data: { title } }), tags: row },
    'update that selects no id': {
      write: (id) => property.update({ where: { id }, data: { title }, select: { price: true } }),
      tags: rowAnywhere,
    },
    'update that moves a row': {
      write: (id) => property.update({ where: { id }, data: { title, location: 'Tema' } }),
      tags: rowAnywhere,
    },
    'update that moves a row from where it says': {
      write: (id) => property.update({ where: { id, location: 'Accra' }, data: { title, location: 'Tema' } }),
      tags: (id) =>
        [locationTag('Accra'), locationTag('Tema'), 'properties', `property:${id}`].sort().join(' '),
    },
    'createMany in several locations': {
      write: () =>
        property.createMany({
          data: [
            { ...LISTING, title },
            { ...LISTING, location: 'Osu, Accra' },
          ],
        }),
      tags: () => [locationTag('Accra'), locationTag('Osu, Accra'), 'properties'].sort().join(' '),
    },
    updateMany: { write: () => property.updateMany({ data: { title } }) },
    updateManyAndReturn: { write: (id) => property.updateManyAndReturn({ where: { id }, data: { title } }) },
    'upsert of an old row': {
      write: (id) => property.upsert({ where: { id }, create: LISTING, update: { title } }),
      tags: rowAnywhere,
    },
    'upsert of a new row': {
      write: () =>
        property.upsert({ where: { id: NO_SUCH_ID }, create: { ...LISTING, title }, update: LISTING }),
      tags: () => rowAnywhere(NO_SUCH_ID),
    },
    $executeRaw: {
      write: (id) => prisma.$executeRaw`UPDATE properties_property SET title = ${title} WHERE id = ${id}`,
    },
    $executeRawUnsafe: {
      write: (id) =>
        prisma.$executeRawUnsafe('UPDATE properties_property SET title = $1 WHERE id = $2', title, id),
    },
    '$queryRaw that updates': {
      write: (id) =>
        prisma.$queryRaw`UPDATE properties_property SET title = ${title} WHERE id = ${id} RETURNING id`,
    },
    '$queryRaw that updates in a WITH': {
      write: () =>
        prisma.$queryRaw`WITH c AS (UPDATE properties_property SET title = ${title}) SELECT 1 AS one`,
    },
    '$queryRaw of Prisma.sql': {
      write: () => prisma.$queryRaw(Sql.sql`UPDATE properties_property SET title = ${title} RETURNING id`),
    },
    '$queryRaw that explains by doing it': {
      write: () => prisma.$queryRaw`EXPLAIN ANALYZE UPDATE properties_property SET title = 'changed'`,
    },
    '$queryRawUnsafe that updates': {
      write: () =>
        prisma.$queryRawUnsafe('/* why */ UPDATE properties_property SET title = $1 RETURNING id', title),
    },
  };

  for (const [name, { write, tags = () => EVERYTHING }] of Object.entries(WRITES)) {
    t.test(
      `${name} invalidates what it touched: after its commit, before its caller gets the answer`,
      async (t) => {
        const id = await existing();
        const gate = new Gate();
        let answered = false;
        let seen: string[] = [];
        output.during = async () => {
          seen = await committed();
          await gate.pass();
          t.notOk(answered, 'no answer before the invalidation');
        };
        const answer = Promise.resolve(write(id)).then(() => {
          answered = true;
        });
        await Promise.race([gate.reached, answer]);
        t.ok(seen.includes(title), 'another connection sees the change');
        gate.open();
        await answer;
        t.same(output.take(), [tags(id)]);
      },
    );
  }

  t.test('delete and deleteMany invalidate what they touched, after their commit', async (t) => {
    const id = await existing();
    output.during = async () => void t.same(await committed(), []);
    await property.delete({ where: { id } });
    t.same(output.take(), [row(id)]);

    await execute(
      url,
      "INSERT INTO properties_property (title, description, price, location) VALUES ('','',1,'')",
    );
    await property.deleteMany({});
    t.same(output.take(), [EVERYTHING]);

    output.during = async () => {};
    const other = await existing();
    await property.delete({ where: { id: other }, select: { title: true } });
    t.same(output.take(), [rowAnywhere(other)], 'its answer does not say where it was');
  });

  t.test('a read invalidates nothing, in a transaction or out of one', async (t) => {
    const id = await existing();
    const READS: Array<(client: Inside) => PromiseLike<unknown>> = [
      ({ property }) => property.findFirst(),
      ({ property }) => property.findFirstOrThrow(),
      ({ property }) => property.findUnique({ where: { id } }),
      ({ property }) => property.findUniqueOrThrow({ where: { id } }),
      ({ property }) => property.findMany(),
      ({ property }) => property.count(),
      ({ property }) => property.aggregate({ _max: { price: true } }),
      ({ property }) => property.groupBy({ by: 'location' }),
      (client) => client.$queryRaw`SELECT title FROM properties_property WHERE title <> ${'delete from'}`,
      (client) => client.$queryRaw`  select 1 AS updated_at`,
      (client) => client.$queryRaw`SHOW server_version`,
      (client) => client.$queryRawUnsafe('VALUES (1)'),
      (client) => client.$queryRawUnsafe('EXPLAIN SELECT * FROM properties_property'),
    ];
    for (const read of READS) await read(prisma);
    await prisma.$transaction(async (tx) => {
      for (const read of READS) await read(tx);
    });
    t.same(output.take(), []);
  });

  t.test('a query that PostgreSQL or Prisma refuses invalidates nothing', async (t) => {
    const id = await existing();
    const update = property.update({ where: { id: NO_SUCH_ID }, data: { title } });
    await t.rejects(update, { code: 'P2025' });
    await t.rejects(property.create({ data: { ...LISTING, id } }), { code: 'P2002' });
    await t.rejects(property.create({ data: TOO_LONG }), { code: 'P2000' });
    await t.rejects(property.update({ where: { id }, data: { nothing: 1 } as object }), {
      name: 'PrismaClientValidationError',
    });
    t.same(output.take(), []);
  });

  t.test('raw SQL that failed invalidates: it may have committed before', async (t) => {
    const unreadable = prisma.$queryRaw`UPDATE properties_property SET title = 'committed' RETURNING xmin`;
    await existing();
    await t.rejects(unreadable, { code: 'P2010' });
    t.same(await committed(), ['committed']);
    t.same(output.take(), [EVERYTHING]);

    await execute(
      url,
      `CREATE PROCEDURE half() LANGUAGE plpgsql AS $$ BEGIN
      DELETE FROM properties_property; COMMIT; PERFORM 1 / 0; END $$`,
    );
    await t.rejects(prisma.$executeRaw`CALL half()`, { code: 'P2010' });
    t.same(await committed(), []);
    t.same(output.take(), [EVERYTHING]);
  });

  t.test(
    'an interactive transaction invalidates once, what all its queries touched, after its commit',
    async (t) => {
      const id = await existing();
      output.during = async () => void t.same(await committed(), ['Flat in Osu', title].reverse());
      const answer = await prisma.$transaction(async (tx) => {
        await tx.property.update({ where: { id }, data: { title } });
        await tx.property.create({ data: LISTING });
        t.same(output.take(), []);
        return 'answer';
      });
      t.equal(answer, 'answer');
      t.same(output.take(), [rowAndAdded(id)]);
    },
  );

  t.test('an array of queries invalidates once, what all of them touched, after the commit', async (t) => {
    const id = await existing();
    output.during = async () => void t.same(await committed(), [title, 'Flat in Osu', 'Flat in Osu']);
    const answers = await prisma.$transaction([
      property.update({ where: { id }, data: { title } }),
      property.create({ data: LISTING }),
      property.createMany({ data: [LISTING] }),
      property.count(),
    ]);
    t.equal(answers[3], 3);
    t.same(output.take(), [rowAndAdded(id)]);

    output.during = async () => void t.same(await committed(), []);
    await prisma.$transaction([prisma.$executeRaw`DELETE FROM properties_property`], {
      isolationLevel: 'Serializable',
    });
    t.same(output.take(), [EVERYTHING]);
  });

  t.test('raw SQL that begins as a read may go on as a write', async (t) => {
    const AFTERTHOUGHTS = [
      'EXPLAIN ANALYZE DELETE FROM properties_property',
      'EXPLAIN (ANALYZE) INSERT INTO properties_property (title) SELECT title FROM properties_property WHERE false',
      `EXPLAIN ANALYZE MERGE INTO properties_property USING (SELECT 1 AS id) AS new ON false
       WHEN MATCHED THEN DO NOTHING`,
      'SELECT 1; TRUNCATE properties_property',
      'SELECT 1;\n DO $$ BEGIN DELETE FROM properties_property; END $$',
    ];
    for (const sql of AFTERTHOUGHTS) {
      await prisma
        .$queryRawUnsafe(sql)
        .catch((error) => t.match(error, { name: 'TypeError' }, 'done, but two answers'));
      t.same(output.take(), [EVERYTHING], sql);
    }
    await prisma.$queryRawUnsafe('SELECT 1; ');
    t.same(output.take(), []);
  });

  t.test('a transaction that rolled back invalidates nothing', async (t) => {
    const id = await existing();
    const thrown = new Error('thrown by the callback');
    t.equal(
      await prisma
        .$transaction(async (tx) => {
          await tx.property.delete({ where: { id } });
          throw thrown;
        })
        .catch((error) => error),
      thrown,
    );
    await t.rejects(
      prisma.$transaction(async (tx) => {
        await tx.property.delete({ where: { id } });
        await tx.property.create({ data: TOO_LONG });
      }),
      { code: 'P2000' },
    );
    await t.rejects(
      prisma.$transaction([property.delete({ where: { id } }), property.create({ data: TOO_LONG })]),
      { code: 'P2000' },
    );
    await t.rejects(
      prisma.$transaction([
        property.create({ data: LISTING }),
        property.update({ where: { id: NO_SUCH_ID }, data: { title } }),
        property.delete({ where: { id } }),
      ]),
      { code: 'P2025' },
    );
    await t.rejects(
      prisma.$transaction([property.deleteMany(), property.create({ data: {} as typeof LISTING })]),
      { name: 'PrismaClientValidationError' },
    );
    t.same(await committed(), ['Flat in Osu']);
    t.same(output.take(), []);
  });

  t.test('a transaction that timed out under a query invalidates nothing', async (t) => {
    const id = await existing();
    await t.rejects(
      prisma.$transaction(
        async (tx) => {
          await tx.property.delete({ where: { id } });
          await tx.$queryRaw`SELECT 1 FROM pg_sleep(0.1)`;
          await tx.property.create({ data: LISTING });
        },
        { timeout: 50 },
      ),
      { code: 'P2028' },
    );
    t.same(await committed(), ['Flat in Osu']);
    t.same(output.take(), []);
  });

  t.test('a query that failed in a transaction that goes on counts as touched', async (t) => {
    await prisma.$transaction(async (tx) => {
      await t.rejects(tx.property.update({ where: { id: NO_SUCH_ID }, data: { title } }), { code: 'P2025' });
      await tx.property.create({ data: LISTING });
    });
    t.same(await committed(), ['Flat in Osu']);
    t.same(output.take(), [rowAndAdded(NO_SUCH_ID)]);
  });

  t.test('a query that is not awaited in the callback, but was committed, counts as touched', async (t) => {
    const id = await existing();
    let forgotten: Promise<unknown> | undefined;
    await prisma.$transaction(async (tx) => {
      forgotten = tx.property.delete({ where: { id } }).then(() => {});
      await tx.property.count();
    });
    await forgotten;
    t.same(await committed(), []);
    t.same(output.take(), [rowAnywhere(id)]);
  });

  t.test('nested transactions', async (t) => {
    t.test('tx.$transaction is flushed with the outermost commit', async (t) => {
      const id = await existing();
      await prisma.$transaction(async (tx) => {
        await tx.$transaction(async (inner) => {
          await inner.property.update({ where: { id }, data: { title } });
        });
        await tx.$transaction([tx.property.create({ data: LISTING })]);
        t.same(output.take(), []);
      });
      t.same(await committed(), [title, 'Flat in Osu']);
      t.same(output.take(), [rowAndAdded(id)]);
    });

    t.test('a savepoint that rolled back leaves the rest of the queue', async (t) => {
      const id = await existing();
      await prisma.$transaction(async (tx) => {
        await tx.property.create({ data: LISTING });
        await tx
          .$transaction(async (inner) => {
            await inner.property.delete({ where: { id } });
            throw new Error('back to the savepoint');
          })
          .catch(() => {});
      });
      t.same(await committed(), ['Flat in Osu', 'Flat in Osu']);
      t.match(output.take(), [/\bproperties\b/]);
    });

    t.test('an outer rollback drops what an inner one touched', async (t) => {
      const id = await existing();
      await t.rejects(
        prisma.$transaction(async (tx) => {
          await tx.$transaction((inner) => inner.property.delete({ where: { id } }));
          throw new Error('all of it');
        }),
      );
      t.same(output.take(), []);
    });

    t.test('a prisma.$transaction inside a callback is another transaction', async (t) => {
      const id = await existing();
      await t.rejects(
        prisma.$transaction(async (tx) => {
          await tx.property.update({ where: { id }, data: { title } });
          await prisma.$transaction((other) => other.property.create({ data: LISTING }));
          t.same(output.take(), [ADDED], 'committed by itself');
          await prisma.$transaction([property.create({ data: LISTING })]);
          t.same(output.take(), [ADDED], 'committed by itself');
          throw new Error('only the outer one');
        }),
      );
      t.same(output.take(), []);
      t.same(await committed(), ['Flat in Osu', 'Flat in Osu', 'Flat in Osu']);
    });

    t.test('a query belongs to the transaction whose client it was asked of', async (t) => {
      const id = await existing();
      await prisma.$transaction(async (tx) => {
        await prisma.$transaction(async () => {
          await tx.property.update({ where: { id }, data: { title } });
        });
        t.same(output.take(), [], 'the outer one has not committed');
      });
      t.same(output.take(), [rowAnywhere(id)]);
    });
  });

  t.test(
    'a query of the plain client inside a callback is outside of it: it invalidates at once',
    async (t) => {
      await t.rejects(
        prisma.$transaction(async () => {
          await property.create({ data: LISTING });
          t.same(output.take(), [ADDED]);
          throw new Error('rolls back nothing');
        }),
      );
      t.same(await committed(), ['Flat in Osu']);
      t.same(output.take(), []);
    },
  );

  t.test('a transaction driven from outside its callback still waits for its commit', async (t) => {
    const gate = new Gate();
    let inside: Inside | undefined;
    const transaction = prisma.$transaction(async (tx) => {
      inside = tx;
      await gate.pass();
    });
    await gate.reached;
    await inside?.property.create({ data: LISTING });
    t.same(output.take(), []);
    gate.open();
    await transaction;
    t.same(output.take(), [ADDED]);
  });

  t.test('concurrent transactions do not mix their tags', async (t) => {
    const ids = [await existing(), await existing(), await existing()];
    const gates = ids.map(() => new Gate());
    const transactions = ids.map((id, index) =>
      prisma.$transaction(async (tx) => {
        await tx.property.update({ where: { id }, data: { title } });
        await gates[index]?.pass();
        if (index === 1) throw new Error('the second one rolls back');
      }),
    );
    await Promise.all(gates.map((gate) => gate.reached));
    t.same(output.take(), []);
    for (const index of [2, 1, 0]) {
      gates[index]?.open();
      await transactions[index]?.catch(() => {});
      t.same(output.take(), index === 1 ? [] : [rowAnywhere(ids[index] ?? 0)]);
    }
  });

  t.test('a committed write whose answer is lost invalidates', async (t) => {
    t.test('a single query', async (t) => {
      const lossy = recording(t, await losingAnswers(t, url, { text: 'INSERT' }));
      await t.rejects(lossy.prisma.property.create({ data: LISTING }));
      t.same(lossy.output.take(), [ADDED]);
      const id = await existing();
      const late = recording(t, await losingAnswers(t, url, { text: 'UPDATE' }));
      await t.rejects(late.prisma.property.update({ where: { id }, data: { title } }));
      t.same(await committed(), ['Flat in Osu', title]);
      t.same(late.output.take(), [rowAnywhere(id)], 'where it is was not said');
      await t.rejects(lossy.prisma.$executeRaw`INSERT INTO properties_property SELECT`);
      t.same(lossy.output.take(), [EVERYTHING]);
    });

    t.test('an array of one', async (t) => {
      const lossy = recording(t, await losingAnswers(t, url, { text: 'INSERT' }));
      await t.rejects(lossy.prisma.$transaction([lossy.prisma.property.create({ data: LISTING })]));
      t.same(lossy.output.take(), [ADDED]);
    });

    t.test('an array', async (t) => {
      const id = await existing();
      const lossy = recording(t, await losingAnswers(t, url, { text: 'COMMIT' }));
      await t.rejects(
        lossy.prisma.$transaction([
          lossy.prisma.property.create({ data: LISTING }),
          lossy.prisma.property.update({ where: { id }, data: { title } }),
        ]),
      );
      t.same(await committed(), [title, 'Flat in Osu']);
      t.same(lossy.output.take(), [rowAndAdded(id)]);
    });

    t.test('an interactive transaction', async (t) => {
      const id = await existing();
      const lossy = recording(t, await losingAnswers(t, url, { text: 'COMMIT' }));
      await t.rejects(
        lossy.prisma.$transaction(async (tx) => {
          await tx.property.update({ where: { id }, data: { title } });
        }),
      );
      t.same(await committed(), [title]);
      t.same(lossy.output.take(), [rowAnywhere(id)]);
    });
  });

  t.test('a statement whose caller knows what it touches', async (t) => {
    const insert = (text: string) => (client: Pick<Prisma, '$queryRawUnsafe'>) =>
      client.$queryRawUnsafe<{ id: number }[]>(
        `INSERT INTO properties_property (title, description, price, location) VALUES ($1, '', 1, '') RETURNING id`,
        text,
      );

    t.test('invalidates that and no more: after its commit, before its caller gets the answer', async (t) => {
      const gate = new Gate();
      let answered = false;
      output.during = async () => {
        t.same(await committed(), ['new']);
        await gate.pass();
        t.notOk(answered, 'no answer before the invalidation');
      };
      const answer = prisma.$touching(['b', 'a'], insert('new')).then((rows) => {
        answered = true;
        return rows;
      });
      await gate.reached;
      gate.open();
      t.match(await answer, [{ id: Number }]);
      t.same(output.take(), ['a b']);
    });

    t.test('says what its tags stand for, if its caller knows', async (t) => {
      await prisma.$touching(['a'], insert('named'), new Map([['a', ['Accra']]]));
      t.same(output.takeNames(), { a: ['Accra'] });
      output.take();
      await prisma.property.create({ data: LISTING });
      t.same(output.takeNames(), { [locationTag('Accra')]: ['Accra'] }, 'and by the rule of its model');
      output.take();
      await execute(url, 'TRUNCATE properties_property');
    });

    t.test('invalidates when it is refused too: raw SQL may have committed before it failed', async (t) => {
      await t.rejects(prisma.$touching(['a'], insert('x'.repeat(201))), { code: 'P2010' });
      t.same(await committed(), []);
      t.same(output.take(), ['a']);
    });

    t.test('invalidates when its answer is lost', async (t) => {
      const lossy = recording(t, await losingAnswers(t, url, { text: 'INSERT' }));
      await t.rejects(lossy.prisma.$touching(['a'], insert('lost')));
      t.ok((await committed()).includes('lost'));
      t.same(lossy.output.take(), ['a']);
    });

    t.test('is a transaction by itself, also inside of another', async (t) => {
      await t.rejects(
        prisma.$transaction(async (tx) => {
          await tx.property.create({ data: LISTING });
          await prisma.$touching(['a'], insert('outside'));
          t.same(output.take(), ['a']);
          throw new Error('only the outer one');
        }),
      );
      t.ok((await committed()).includes('outside'));
      t.notOk((await committed()).includes('Flat in Osu'));
      t.same(output.take(), []);
    });
  });

  t.test('inTransaction is true inside a callback and nowhere else', async (t) => {
    t.notOk(inTransaction());
    const gate = new Gate();
    const transaction = prisma.$transaction(async (tx) => {
      t.ok(inTransaction());
      await tx.property.create({ data: LISTING });
      await gate.pass();
      t.ok(inTransaction());
    });
    await gate.reached;
    t.notOk(inTransaction(), 'not for a caller that comes meanwhile');
    gate.open();
    await transaction;
    await property.deleteMany();
    t.notOk(inTransaction());
  });

  t.test('getAllProperties in a transaction reads past the cache, and leaves nothing in it', async (t) => {
    const caches = createCaches({
      store: new MemoryStore(1_000_000),
      everything: EVERYTHING.split(' '),
      staleIfError: 0,
    });
    const prisma = createPrisma({
      url,
      tagsOf: { Property: tagsOf },
      everything: ALL_TAGS,
      invalidate: (tags) => caches.invalidate(tags),
      onConnectionLost: () => {},
    });
    t.teardown(() => prisma.$disconnect());
    const titles = async (reader: Reader = prisma) =>
      JSON.parse(String(await getAllProperties({ prisma: reader, caches, ttl: 60 }))).map(
        ({ title }: { title: string }) => title,
      );
    const create = (client: Inside, title: string) => client.property.create({ data: { ...LISTING, title } });
    const rolledBack = new Error('rolled back');
    const rollBack = (work: (tx: Inside) => Promise<void>) =>
      prisma
        .$transaction(async (tx) => {
          await work(tx);
          throw rolledBack;
        })
        .catch((error) => t.equal(error, rolledBack));

    await create(prisma, 'committed');
    await rollBack(async (tx) => {
      await create(tx, 'never');
      t.same(await titles(tx), ['committed', 'never'], 'its own write, on an empty cache');
    });
    t.same(await titles(), ['committed']);
    await rollBack(async (tx) => {
      await create(tx, 'never');
      t.same(await titles(tx), ['committed', 'never'], 'its own write, past the cached list');
      await prisma.$transaction(async () =>
        t.same(await titles(tx), ['committed', 'never'], 'from another one too'),
      );
    });
    t.same(await titles(), ['committed']);

    await execute(
      url,
      `CREATE FUNCTION add() RETURNS int LANGUAGE sql AS
      $$ INSERT INTO properties_property (title, description, price, location) VALUES ('', '', 1, '') RETURNING id $$`,
    );
    await create(prisma, 'empties the cache');
    await rollBack(async (tx) => {
      await tx.$queryRaw`SELECT add()`;
      t.equal((await titles(tx)).length, 3, 'a write that no text shows');
    });
    t.same(await titles(), ['committed', 'empties the cache']);

    await prisma.$transaction(
      async (tx) => {
        await tx.property.count();
        await create(prisma, 'younger than the snapshot');
        t.same(await titles(tx), ['committed', 'empties the cache']);
      },
      { isolationLevel: 'RepeatableRead' },
    );
    t.same(await titles(), ['committed', 'empties the cache', 'younger than the snapshot']);
  });

  t.test('a change of a model that has no rule is refused, and not sent', async (t) => {
    const prisma = createPrisma({
      url,
      tagsOf: {} as never, // What the types forbid.
      everything: ALL_TAGS,
      invalidate: async (tags) => void told.push(...tags),
      onConnectionLost: () => {},
    });
    t.teardown(() => prisma.$disconnect());
    const told: string[] = [];
    const create = () => prisma.property.create({ data: LISTING });
    for (const change of [
      () => create(),
      () => prisma.property.deleteMany(),
      () => prisma.$transaction([create()]),
      () => prisma.$transaction((tx) => tx.property.create({ data: LISTING })),
    ]) {
      await t.rejects(async () => await change(), {
        code: 'PL_MODEL_WITHOUT_RULE',
        message: /model Property/,
      });
    }
    t.equal(await prisma.property.count(), 0);
    t.same(told, []);
    await prisma.$executeRaw`UPDATE properties_property SET title = 'x'`;
    t.same(told, ALL_TAGS, 'raw SQL has no model, and may be a change of any');
  });
});
