import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { execute, scratchDatabase } from '../../../support/database.ts';
import { scratchRedis, skipWithoutRedis } from '../../../support/redis.ts';
import { checkout, startServer } from '../../../support/server.ts';
import { authorization, LISTING, WRITE_KEY } from '../../helpers/app.ts';
import { copyOfRelease } from '../../helpers/release.ts';

const WRITES = 25;
const READERS = 3;

/** The server of a release whose listings have one field more, which the database has already. */
async function laterRelease(t: Test): Promise<string> {
  const { folder, program } = await copyOfRelease(t);
  const columns = join(folder, 'dist/src/features/properties/columns.js');
  const text = await readFile(columns, 'utf8');
  const changed = text.replace(/^( *)created_at:/m, "$1agent: text('Ama', { maxLength: 9 }),\n$&");
  t.not(changed, text);
  await rm(columns); // It is a hard link.
  await writeFile(columns, changed);
  return program;
}

for (const CACHE_LOCAL of ['on', 'off']) {
  t.test(
    `two releases whose listings differ share a Redis under load, with CACHE_LOCAL=${CACHE_LOCAL}`,
    { skip: skipWithoutRedis },
    async (t) => {
      const DATABASE_URL = await scratchDatabase(t);
      await execute(
        DATABASE_URL,
        `ALTER TABLE properties_property ADD COLUMN agent text NOT NULL DEFAULT 'Ama';
         INSERT INTO properties_property (title, description, price, location) VALUES ('0', 'Quiet.', 1, 'Accra')`,
      );
      const env = {
        DATABASE_URL,
        CACHE_LOCAL,
        REDIS_URL: await scratchRedis(t),
        API_KEYS: WRITE_KEY,
        LOG_LEVEL: 'warn',
      };
      const old = { hasAgent: false, ...(await startServer(t, await checkout(t), env)) };
      const later = {
        hasAgent: true,
        ...(await startServer(t, await checkout(t), env, await laterRelease(t))),
      };

      let acked = 0;
      const hits = new Map([old, later].map((release) => [release, 0]));
      const wrong: string[] = [];
      const read = async (release: typeof old, path: string) => {
        const least = acked;
        const response = await fetch(release.address + path);
        const text = await response.text();
        const { properties } = JSON.parse(text);
        const isRight = response.status === 200 && 'agent' in properties[0] === release.hasAgent;
        if (!isRight || Number(properties[0].title) < least) wrong.push(`${least} acked: ${text}`);
        if (response.headers.get('cache-status')?.includes('; hit'))
          hits.set(release, Number(hits.get(release)) + 1);
      };
      let isOver = false;
      const readers = [old, later].flatMap((release) =>
        Array.from({ length: READERS }, async () => {
          while (!isOver)
            for (const path of ['/properties/', '/properties/?limit=1']) await read(release, path);
        }),
      );
      for (let version = 1; version <= WRITES; version += 1) {
        const before = new Map(hits);
        const response = await fetch(`${old.address}/properties/1/`, {
          method: 'PUT',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ ...LISTING, title: String(version) }),
        });
        t.equal(response.status, 200);
        acked = version;
        // Each release answers from what it has kept of this version, before the next.
        while ([old, later].some((release) => hits.get(release) === before.get(release)))
          await read(old, '/properties/');
      }
      isOver = true;
      await Promise.all(readers);
      t.same(wrong.slice(0, 3), [], 'no answer of the other release, and none from before a write');
      for (const [{ hasAgent }, count] of hits) t.ok(count >= WRITES, `${count} hits, agent: ${hasAgent}`);
    },
  );
}
