import type { Test } from 'tap';
import { MemoryStore } from '../../../../src/cache/stores/memory-store.ts';
import { build } from '../../../helpers/app.ts';
import { change } from './fixture.ts';

const QUESTIONS = 1_500;
const BUCKETS = 1_024;
const AT_ONCE = 10;

/** That clients with arbitrary queries cannot fill the cache, and that no query gets the answer of another. */
export async function boundedEntries(t: Test): Promise<void> {
  const app = await build(t);
  await change(
    app,
    `INSERT INTO properties_property (id, title, description, price, location)
     SELECT i, 'flat', 'quiet', i, 'Accra' FROM generate_series(1, ${QUESTIONS}) AS i`,
  );
  const keys = new Set<string>();
  const { write } = MemoryStore.prototype;
  t.teardown(() => {
    MemoryStore.prototype.write = write;
  });
  MemoryStore.prototype.write = function noted(this: MemoryStore, key, entry) {
    keys.add(key);
    return Reflect.apply(write, this, [key, entry]);
  };

  for (const [path, query, answer] of [
    ['/properties/', 'limit=1&sort=price&', (i: number) => `{"properties":[{"id":${i},`],
    ['/properties/count/', '', (i: number) => `{"count":${QUESTIONS - i + 1}}`],
  ] as const) {
    keys.clear();
    let asked = 0;
    let hits = 0;
    const ask = async (most: number) => {
      while (asked < most) {
        asked += 1;
        const i = asked;
        const { body, headers } = await app.inject(`${path}?${query}min_price=${i}`);
        if (!body.startsWith(answer(i))) t.match(body, answer(i));
        if (/; hit/.test(String(headers['cache-status']))) hits += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, () => ask(QUESTIONS)));
    t.equal(hits, 0, 'no listQuery was asked before');
    t.ok(keys.size > BUCKETS / 2, `${keys.size} entries of ${path} are used`);
    t.ok(keys.size <= BUCKETS, `${keys.size} entries of ${path} are not too many`);
    asked = QUESTIONS - 300;
    await ask(QUESTIONS);
    t.ok(hits > 200, `${hits} of the last are kept`);
    asked = 0;
    await ask(100); // Most of them have lost their buckets.
  }
}
