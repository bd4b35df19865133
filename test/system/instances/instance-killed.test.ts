import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { checkout, startServer } from '../../../support/server.ts';
import { authorization, LISTING, WRITE_KEY } from '../../helpers/app.ts';

const headers = { authorization, 'content-type': 'application/json' };

for (const local of ['off', 'on']) {
  t.test(
    `an instance that is killed between commit and invalidation, with CACHE_LOCAL=${local}`,
    { skip: skipWithoutRedis },
    async (t) => {
      const folder = await checkout(t);
      const DATABASE_URL = await scratchDatabase(t);
      const env = { DATABASE_URL, REDIS_URL: await scratchRedis(t), API_KEYS: WRITE_KEY, CACHE_LOCAL: local };
      const other = await startServer(t, folder, env);
      const created = await fetch(`${other.address}/properties/`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ ...LISTING, title: 'old' }),
      });
      const { id } = Object(await created.json());
      const gated = { ...env, GATED_ROW: String(id) };
      const killed = await startServer(t, folder, gated, 'dist/test/system/instances/gated-server.js');

      const titles = async () => {
        const list = await fetch(`${other.address}/properties/`);
        const page = await fetch(`${other.address}/properties/${id}/`);
        return [Object(await list.json()).properties[0].title, Object(await page.json()).title];
      };
      const cached = async () => {
        const response = await fetch(`${other.address}/properties/${id}/`);
        return /; hit;/.test(response.headers.get('cache-status') ?? '');
      };
      while (!(await cached())); // The start of the second one has invalidated everything.
      t.same(await titles(), ['old', 'old']);

      const patch = fetch(`${killed.address}/properties/${id}/`, {
        method: 'PATCH',
        headers,
        body: JSON.stringify({ title: 'new' }),
      });
      const gone = t.rejects(patch, 'no client was told that it succeeded');
      while (!/Committed/.test(killed.output())) await setImmediate();
      await killed.stop('SIGKILL');
      await gone;
      const { rows } = await execute(DATABASE_URL, 'SELECT title FROM properties_property');
      t.same(rows, [{ title: 'new' }], 'it was committed');
      while ((await titles()).includes('old')); // Until its notification has come.
      while (!(await cached()));
      t.same(await titles(), ['new', 'new'], 'and the old answer does not come back');
    },
  );
}
