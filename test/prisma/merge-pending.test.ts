import pg from 'pg';
import t from 'tap';
import { mergingMeanwhile } from '../../prisma/seed/merge-pending.ts';
import { execute, scratchDatabase } from '../../support/database.ts';

const url = await scratchDatabase(t);

async function connected() {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

t.test('what is pending is merged while the work goes on, and not after it', async (t) => {
  const client = await connected();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const hasMerged = async () => {
    const seen = `SELECT FROM pg_stat_activity WHERE pid = ${rows[0].pid} AND state = 'idle' AND query LIKE '%gin_clean%'`;
    return (await execute(url, seen)).rowCount === 1;
  };
  const work = async () => {
    while (!(await hasMerged())) {}
    return 'done';
  };
  t.equal(await mergingMeanwhile(client, work()), 'done');
  await client.end();
});

t.test('a merge that fails fails nothing else, and a failure of the work is told', async (t) => {
  const client = await connected();
  await client.end();
  t.equal(await mergingMeanwhile(client, Promise.resolve(1)), 1);
  await t.rejects(mergingMeanwhile(client, Promise.reject(new Error('no more'))), { message: 'no more' });
});
