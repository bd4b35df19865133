import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { RowStreams, type RowStreamsOptions } from '../../src/database/row-streams.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { proxyTo } from '../helpers/proxy.ts';

const url = await scratchDatabase(t, { migrated: false });
const FRAME = { start: '[', end: ']' };

/** More than sockets and streams buffer. */
const MANY = `SELECT to_json(repeat('x', 1000)) FROM generate_series(1, 50000)`;

function opened(options: Partial<RowStreamsOptions> = {}) {
  const streams = new RowStreams({ url, onConnectionLost() {}, ...options });
  t.teardown(() => streams.close());
  return streams;
}

async function sessions(): Promise<number> {
  const { rowCount } = await execute(
    url,
    `SELECT FROM pg_stat_activity WHERE application_name = 'property-listings stream' AND state <> 'idle'
      AND datname = current_database()`,
  );
  return rowCount ?? 0;
}

t.test('rows are joined, whatever is in them', async (t) => {
  const values = [`it's \\ a "test"\n`, 'second', ''];
  const stream = await opened().open('SELECT to_json(t) FROM unnest(ARRAY[$1, $2, $3]) AS t', values, FRAME);
  t.same(JSON.parse(await text(stream)), values);
});

t.test('backslashes may come apart', async (t) => {
  const value = 'a\\b"c\n'.repeat(40_000);
  const stream = await opened().open('SELECT to_json($1::text) FROM generate_series(1, 3)', [value], FRAME);
  t.same(JSON.parse(await text(stream)), [value, value, value]);
});

t.test('no rows are an empty list', async (t) => {
  t.equal(await text(await opened().open('SELECT to_json(1) WHERE false', [], FRAME)), '[]');
});

t.test('a query that is refused rejects, and its connection is not used again', async (t) => {
  const streams = opened();
  for (let time = 0; time < 6; time += 1)
    await t.rejects(streams.open('SELECT 1 / 0', [], FRAME), /division by zero/);
  t.equal(await text(await streams.open('SELECT 1', [], FRAME)), '[1]');
});

t.test('a stream that is never read gives its connection back', async (t) => {
  const streams = opened();
  for (let time = 0; time < 6; time += 1) (await streams.open(MANY, [], FRAME)).destroy();
  while ((await sessions()) > 0) {}
  t.equal(await text(await streams.open('SELECT 1', [], FRAME)), '[1]');
});

t.test('a reader who stalls is cut off', async (t) => {
  const stream = await opened({ stalledMs: 1_000 }).open(MANY, [], FRAME);
  const [error] = await once(stream, 'error');
  t.match(error, { message: 'the reader has stalled' });
  while ((await sessions()) > 0) {}
});

t.test('one who reads slowly is not', async (t) => {
  const stalledMs = 1_000;
  const stream = await opened({ stalledMs }).open(MANY, [], FRAME);
  const began = performance.now();
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (performance.now() - began < 1.2 * stalledMs) await delay(20);
  }
  t.ok(bytes > 50_000_000);
});

t.test('a connection that is lost without a word ends its stream', async (t) => {
  const network = await proxyTo(t, url);
  const stream = await opened({ url: network.url }).open(MANY, [], FRAME);
  const failed = once(stream, 'error');
  await network.cut();
  stream.resume();
  const [error] = await failed;
  t.match(error, { message: /Connection terminated|ECONNRESET/ });
});

t.test('closing ends what has begun, after a while', async (t) => {
  const streams = opened({ closingMs: 20 });
  const stream = await streams.open(MANY, [], FRAME);
  await streams.closeSoon();
  const [error] = await once(stream, 'error');
  t.match(error, { message: 'the service is closing' });
});
