import t from 'tap';
import { execute, scratchDatabase } from '../helpers/database.ts';
import { LISTING, recording } from './fixture.ts';

t.test('a schema in the URL is where the table is', async (t) => {
  const url = await scratchDatabase(t);
  await execute(url, 'CREATE SCHEMA letting; ALTER TABLE properties_property SET SCHEMA letting');
  const { prisma } = recording(t, `${url}?schema=letting`);
  await prisma.property.create({ data: LISTING });
  t.equal((await execute(url, 'SELECT 1 FROM letting.properties_property')).rowCount, 1);
});

t.test(
  'a pooled connection that is lost while idle is reported, and the next query gets another',
  async (t) => {
    const url = await scratchDatabase(t);
    const { prisma, idleLoss } = recording(t, url);
    const [session] = await prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    await execute(url, `SELECT pg_terminate_backend(${session?.pid})`);
    t.match((await idleLoss).message, /terminat/);
    t.equal(await prisma.property.count(), 0);
  },
);
