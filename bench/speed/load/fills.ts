import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.ts';
import type { Fills } from './job.ts';
import type { Latencies } from './latencies.ts';
import { Requester } from './requester.ts';

/** Between two fills: what they are compared with. Milliseconds. */
const PAUSE_MS = 100;

/** For the last page to be compressed: what is measured next shall have the core to itself. Milliseconds. */
const LAST_MS = 1_000;

/** Invalidates and fills a page again and again, and says in `latencies` what happens at the moment. */
export async function keepFilling(
  port: number,
  { invalidate, page, compressed }: Fills,
  { latencies, end }: { latencies: Latencies; end: number },
): Promise<void> {
  const connection = await Connection.open(port);
  const [change, fill, done] = [invalidate, page, compressed].map((asked) => new Requester(asked));
  try {
    while (change && fill && done && performance.now() < end) {
      await change.ask(connection);
      latencies.enter('filling');
      await fill.ask(connection);
      latencies.enter('compressing');
      await done.askUntilReady(connection, end);
      latencies.enter('quiet');
      await delay(PAUSE_MS);
    }
    await done?.askUntilReady(connection, end + LAST_MS);
  } finally {
    connection.close();
  }
}
