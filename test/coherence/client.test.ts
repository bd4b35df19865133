import t from 'tap';
import { execute, scratchDatabase, withParameter } from '../../support/database.ts';
import { LISTING, recording } from './fixture.ts';

t.test('a schema in the URL is where the table is', async (t) => {
  const url = await scratchDatabase(t);
  await execute(url, 'CREATE SCHEMA letting; ALTER TABLE properties_property SET SCHEMA letting');
  const { prisma } = recording(t, withParameter(url, 'schema', 'letting'));
  await prisma.property.create({ data: LISTING });
  t.equal((await execute(url, 'SELECT 1 FROM letting.properties_property')).rowCount, 1);
});

t.test('sessions compile no statements, unless the URL has other settings', async (t) => {
  const url = await scratchDatabase(t);
  await execute(url, 'CREATE SCHEMA "Letting, new"');
  const settings = async (parameters: Record<string, string>) => {
    const target = new URL(url);
    for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
    const { prisma } = recording(t, target.href);
    const show = `SELECT current_setting('jit') AS jit, current_setting('work_mem') AS memory, current_schema AS schema`;
    const [row] = await prisma.$queryRawUnsafe<[object]>(show);
    return row;
  };
  const usual = await settings({});
  t.match(usual, { jit: 'off', schema: 'public' });
  t.same(await settings({ options: '', schema: '' }), usual);
  t.same(await settings({ options: '-c jit=on -c search_path=nowhere' }), { ...usual, jit: 'on' });
  t.same(await settings({ options: '-c work_mem=5MB' }), { ...usual, memory: '5MB' });
  const schema = 'Letting, new';
  t.same(await settings({ schema }), { ...usual, schema });
  t.same(await settings({ schema, options: '-c work_mem=5MB -c jit=on' }), {
    jit: 'on',
    memory: '5MB',
    schema,
  });
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
