import cluster from 'node:cluster';
import { once } from 'node:events';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { type AppOptions, buildApp } from '../app.ts';
import { loadConfig, misspeltSettings } from '../config.ts';
import { type LogOutput, logOptions } from '../http/index.ts';
import { tenths } from '../platform/index.ts';
import { BatchedOutput } from './batched-output.ts';
import { end, GIVE_UP_MS } from './ending.ts';
import { listen } from './listen.ts';
import { Workers } from './workers.ts';
import { gatherMetrics } from './workers-metrics.ts';

/** Runs the service until `stop`, in this process or in workers. */
export async function run(env: AppOptions['env'], stop: AbortSignal): Promise<void> {
  const output = new BatchedOutput();
  const { WEB_CONCURRENCY: count, REDIS_URL, LOG_LEVEL: level } = loadConfig(env);
  const log = pino(logOptions(level), output);
  log.debug({ step: 'modules', ms: tenths(performance.now()) }, 'a step of the start is done');
  if (!cluster.isWorker) warnOfMisspelt(env, log);
  if (count === 1 || cluster.isWorker) {
    if (!cluster.isWorker)
      process.on('SIGUSR2', () => log.warn('SIGUSR2 replaces workers, and there are none'));
    return serve({ env, dataDirectory: '.data', log: output }, stop, log);
  }
  if (!REDIS_URL) {
    log.warn('without REDIS_URL a read from one worker may be some milliseconds behind a write to another');
  }
  process.exitCode = await new Workers({ count, log, stop }).run((said) => output.write(said));
}

/** A setting that has no effect because its name is wrong would be noticed late, if ever. */
function warnOfMisspelt(env: AppOptions['env'], log: FastifyBaseLogger): void {
  for (const { name, meant } of misspeltSettings(env)) {
    log.warn(
      { variable: name, setting: meant },
      `${name} is no setting and has no effect: is it ${meant} that is meant?`,
    );
  }
}

/** Starts the service and ends it on `stop`: also if that came during the start, so that nothing is left running. */
async function serve(
  options: AppOptions & { readonly log: LogOutput },
  stop: AbortSignal,
  log: FastifyBaseLogger,
): Promise<void> {
  stop.addEventListener('abort', () => setTimeout(giveUp, GIVE_UP_MS, log).unref());
  const app = await buildUnless(stop, cluster.isWorker ? { ...options, gatherMetrics } : options);
  if (!app) return;
  try {
    if (!stop.aborted) {
      const address = await listen(app);
      const ms = tenths(performance.now());
      log.debug({ step: 'all', ms }, 'ready, counted from the start of the process');
      const { madeKey } = app.dataSource;
      const keyLine = madeKey ? `Write key: ${madeKey} (kept in .data/api-key)\n` : '';
      say(`Listening on ${address}/properties/ (see it work at ${address}/)\n${keyLine}`, options.log);
    }
    if (!stop.aborted) await once(stop, 'abort');
    if (app.server.listening) await end(app, stop.reason);
  } finally {
    await app.close();
  }
}

/** Undefined if `stop` came before the application was ready. */
async function buildUnless(stop: AbortSignal, options: AppOptions): Promise<FastifyInstance | undefined> {
  try {
    return await buildApp({ ...options, stop });
  } catch (error) {
    if (stop.aborted) return undefined;
    throw error;
  }
}

/** Writes the line; a worker sends it to the first process, which writes it once for all workers. */
function say(text: string, output: LogOutput): void {
  if (cluster.isWorker) process.send?.(text);
  else output.write(text);
}

/** Ends the process before the orchestrator kills it, which would count as a failure. */
function giveUp(log: FastifyBaseLogger): void {
  log.warn('ending with something still open: it does not answer');
  process.exit(0);
}
