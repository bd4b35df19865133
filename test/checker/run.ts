import { Cleanup } from '../../support/cleanup.ts';
import { Random } from '../../support/random.ts';
import type { Scope } from '../../support/scope.ts';
import { checkAtRest } from './at-rest.ts';
import { launchFleet } from './fleet.ts';
import { History } from './history.ts';
import type { Options } from './options.ts';
import { Readers } from './readers.ts';
import { makeReport, type Report } from './report.ts';
import { Client } from './requests.ts';
import { Rows } from './rows.ts';
import { Schedule } from './schedule.ts';
import { Tally } from './tally.ts';
import { Timeline } from './timeline.ts';
import { Writers } from './writers.ts';

export interface RunContext {
  /** Ends the run early; it then rejects. */
  readonly signal?: AbortSignal;
  /** Told of every fault as it begins. */
  readonly say?: (line: string) => void;
}

/**
 * Starts the service with what it depends on, loads it, breaks what it depends on, and judges every answer. When
 * it settles, nothing that it started runs any more.
 */
export async function run(options: Options, context: RunContext = {}): Promise<Report> {
  const cleanup = new Cleanup();
  try {
    return await check(cleanup, options, context);
  } finally {
    await cleanup.close();
  }
}

async function check(
  scope: Scope,
  options: Options,
  { signal, say = () => {} }: RunContext,
): Promise<Report> {
  const fleet = await launchFleet(scope, options);
  signal?.throwIfAborted();
  const origin = performance.now();
  const client = new Client();
  scope.teardown(() => client.close());
  signal?.addEventListener('abort', () => client.close()); // What it waits for may never be answered.

  const random = new Random(options.seed);
  const history = new History();
  const timeline = new Timeline();
  const tally = new Tally(history, timeline, origin);
  const rows = new Rows(random);
  const { targets: instances, postgres } = fleet;
  const common = { instances, client, rows, tally, random };
  const readers = new Readers(common);
  const shape = { redis: options.redis, proxy: fleet.front !== undefined };
  const writers = new Writers({ ...common, ...shape, postgres, history, timeline, readers });
  const schedule = new Schedule({ options, fleet, timeline, tally, random, say });

  await writers.prepare();
  const over = new AbortController();
  const traffic = Promise.all([
    readers.run(options.readers, over.signal),
    writers.run(options.writers, options.outside, over.signal),
  ]);
  const ends = signal ? [signal, over.signal] : [over.signal];
  const scheduled = schedule.run(AbortSignal.any(ends));
  try {
    await Promise.race([scheduled, traffic]); // The traffic ends by itself only with a bug of ours.
  } finally {
    over.abort();
    await Promise.allSettled([scheduled, traffic]);
  }
  await traffic;
  await readers.ended();
  const seconds = (performance.now() - origin) / 1_000;
  for (const { number, lastWords } of fleet.instances)
    if (lastWords) tally.wrong('end of an instance', `instance ${number} ended by itself, ${lastWords}`);
  await checkAtRest({ fleet, history, readers, rows, tally });
  return makeReport(options, tally, { seconds, faults: schedule.summaries });
}
