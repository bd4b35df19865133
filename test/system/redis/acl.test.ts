import t, { type Test } from 'tap';
import { buildApp } from '../../../src/app.ts';
import { scratchDatabase } from '../../../support/database.ts';
import { skipWithoutRedis, startRedis } from '../../../support/redis.ts';
import { add, WRITE_KEY, write } from '../../helpers/app.ts';
import { titles, until, untilHit } from '../../helpers/redis-topologies.ts';
import { openRedis } from '../../helpers/stores.ts';

const ALL = ['on', '>secret', '~property-listings:*', '&property-listings:*', '+@all'];

/** A service whose user of Redis has all rights but these, and the lines of its log. */
async function without(t: Test, ...rules: string[]) {
  const redis = await startRedis(t);
  const admin = await openRedis(t, redis.url);
  await admin.sendCommand(['ACL', 'SETUSER', 'app', 'resetchannels', ...ALL, ...rules]);
  const log: string[] = [];
  const env = {
    API_KEYS: WRITE_KEY,
    DATABASE_URL: await scratchDatabase(t),
    REDIS_URL: redis.url.replace('//', '//app:secret@'),
  };
  const output = { write: (line: string) => void log.push(line) };
  const app = await buildApp({ env, dataDirectory: 'unused', log: output });
  t.teardown(() => app.close());
  return { app, log };
}

const MISSING: Readonly<Record<string, RegExp>> = {
  '-getrange': /"refused":\[\{"command":"GETRANGE","reason":"NOPERM/,
  '-info': /"refused":\[\{"command":"INFO","reason":"NOPERM/,
  '-eval': /"refused":\[\{"command":"EVAL","reason":"NOPERM/,
  '-ping': /"refused":\[\{"command":"PING","reason":"NOPERM/,
  '-publish': /"refused":\[\{"command":"PUBLISH","reason":"NOPERM/,
  '-client|tracking': /"reason":"NOPERM.*Redis does not allow the local tier/,
  '-subscribe': /"reason":"NOPERM.*Redis does not allow the local tier/,
};

for (const [rule, said] of Object.entries(MISSING)) {
  t.test(
    `${rule}: one line of the log names it, and the cache works without`,
    {
      skip: skipWithoutRedis,
    },
    async (t) => {
      const { app, log } = await without(t, rule);
      const { id } = await add(app, { title: 'old' });
      await untilHit(app);
      t.equal((await write(app, 'PATCH', `/properties/${id}/`, { title: 'new' })).statusCode, 200);
      t.same(await titles(app), ['new']);
      await until('it is named', () => log.some((line) => said.test(line)));
      t.equal(log.filter((line) => line.includes('NOPERM')).length, 1);
      const { metrics } = (await app.inject('/properties/cache-metrics/')).json();
      t.equal(metrics.keyspace_hits === null, rule === '-info');
    },
  );
}

t.test('without the keys there is no cache, and nothing fails', { skip: skipWithoutRedis }, async (t) => {
  const { app, log } = await without(t, 'resetkeys', '~another:*');
  const create = { title: 'old', description: 'Quiet.', price: '1200.00', location: 'Accra' };
  t.equal((await write(app, 'POST', '/properties/', create)).statusCode, 201);
  t.same(await titles(app), ['old']);
  t.equal((await write(app, 'PATCH', '/properties/1/', { title: 'new' })).statusCode, 200);
  t.same(await titles(app), ['new']);
  t.match(log.join(''), /"refused":\[\{"command":"GET".*"command":"SET".*"command":"DEL".*"command":"EVAL"/);
});
