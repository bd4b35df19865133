import t from 'tap';
import { buildApp } from '../../src/app.ts';
import { locationTag } from '../../src/features/properties/tags.ts';
import { scratchDatabase } from '../../support/database.ts';
import { LISTING } from '../helpers/app.ts';
import { proxyTo } from '../helpers/proxy.ts';
import { PATIENT } from '../helpers/times.ts';

/** The service, and what its log says of what changes. */
async function service(t: Tap, DATABASE_URL: string, env: Record<string, string> = {}) {
  const lines: { level: number; msg: string; cause?: string }[] = [];
  const log = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const settings = { DATABASE_URL, ...env };
  const app = await buildApp({ env: settings, dataDirectory: 'unused', log, times: PATIENT });
  t.teardown(() => app.close());
  lines.length = 0;
  return { app, lines };
}

type Tap = Pick<typeof t, 'teardown'>;

const WARN = 40;
const INFO = 30;

t.test('a breaker that opens or closes is one line', async (t) => {
  const { app, lines } = await service(t, await scratchDatabase(t));
  for (const open of [true, false]) app.caches.events.emit('breaker', open);
  t.match(lines, [
    { level: WARN, msg: /^Redis is too slow: asking it only every 250 ms/ },
    { level: INFO, msg: 'Redis answers in time again' },
  ]);
});

t.test(
  'for debugging an invalidation is a line with its cause, its tags and the names behind them',
  async (t) => {
    const { app, lines } = await service(t, await scratchDatabase(t), { LOG_LEVEL: 'debug' });
    await app.prisma.property.create({ data: LISTING });
    await app.caches.invalidate(Array.from({ length: 13 }, (_, id) => `property:${id}`));
    const invalidated = lines.filter(({ msg, cause }) => msg === 'invalidated' && cause === 'write'); // The echo may come between.
    const tag = locationTag(LISTING.location);
    t.match(invalidated, [
      { cause: 'write', count: 2, tags: ['properties', tag], names: { [tag]: [LISTING.location] } },
      { cause: 'write', count: 13, tags: { length: 12 }, names: {} },
    ]);
  },
);

t.test('a lost connection to PostgreSQL is one line, and so is that it is back', async (t) => {
  const network = await proxyTo(t, await scratchDatabase(t));
  const { app, lines } = await service(t, network.url);
  const saying = (said: string) => lines.filter(({ msg }) => msg.startsWith(said));
  const untilDoubted = (wanted: boolean) =>
    new Promise<void>((resolve) => {
      app.caches.events.on('doubt', (doubtful) => doubtful === wanted && resolve());
    });
  const [lost, back] = [untilDoubted(true), untilDoubted(false)];
  await network.cut();
  await lost;
  await network.mend();
  await back;
  t.match(saying('cannot hear what other programs change: bypassing'), [{ level: WARN }]);
  t.match(saying('hearing what other programs change again'), [{ level: INFO }]);
  t.match(saying('bypassing the cache'), [{ level: WARN }]);
  t.match(saying('the cache is in use again'), [{ level: INFO }]);
});
