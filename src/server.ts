import './steady-ticks.ts';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import Fastify, { type FastifyInstance } from 'fastify';
import { type AppOptions, buildApp } from './app.ts';
import { BatchedOutput } from './batched-output.ts';
import { CannotListen } from './errors.ts';
import { config } from './plugins/config.ts';
import { end, GIVE_UP_MS } from './process/ending.ts';
import { stopSignal } from './process/stop-signal.ts';
import { Workers } from './process/workers.ts';
import { gatherMetrics } from './process/workers-metrics.ts';
import { LOG_BASE } from './request-log.ts';

/** Connections that may wait to be accepted, if the system allows so many: one that finds no place comes a second later. */
const BACKLOG = 4_096;

/** The process edge: environment in, address out, signals to a clean end, one line for what went wrong. */
try {
  const stop = stopSignal();
  const log = new BatchedOutput();
  await run({ env: loadEnvironment(), dataDirectory: '.data', log }, stop);
} catch (error) {
  const said = String(Object(error).message).replace(/\s+/g, ' ');
  process.stderr.write(`${said}\n`);
  process.exitCode = 1;
}
cluster.worker?.disconnect(); // It would wait for what the first process may still have to tell it.

/** Serves, or has others serve. */
async function run(
  options: AppOptions & Required<Pick<AppOptions, 'log'>>,
  stop: AbortSignal,
): Promise<void> {
  const bare = Fastify({ logger: { stream: options.log, base: LOG_BASE } });
  await bare.register(config, { env: options.env });
  const { log } = bare;
  const { WEB_CONCURRENCY: count, REDIS_URL } = bare.config;
  if (count === 1 || cluster.isWorker) return serve(options, stop, log);
  if (!REDIS_URL) {
    log.warn('without REDIS_URL a read from one worker may be some milliseconds behind a write to another');
  }
  process.exitCode = await new Workers({ count, log, stop }).run((said) => process.stdout.write(said));
}

/** Starts, and ends when told to: also when that was during the start, so that nothing is left running. */
async function serve(options: AppOptions, stop: AbortSignal, log: FastifyInstance['log']): Promise<void> {
  stop.addEventListener('abort', () => setTimeout(giveUp, GIVE_UP_MS, log).unref());
  const app = await buildApp(cluster.isWorker ? { ...options, gatherMetrics } : options);
  try {
    if (!stop.aborted) await listen(app);
    if (!stop.aborted) await once(stop, 'abort');
    if (app.server.listening) await end(app, stop.reason);
  } finally {
    await app.close();
  }
}

async function listen(app: FastifyInstance): Promise<void> {
  const { HOST: host, PORT: port } = app.config;
  try {
    const address = await app.listen({ host, port, backlog: BACKLOG });
    const { madeKey } = app.dataSource;
    const keyLine = madeKey ? `Write key: ${madeKey} (kept in .data/api-key)\n` : '';
    say(`Listening on ${address}/properties/ (see it work at ${address}/)\n${keyLine}`);
  } catch (error) {
    throw new CannotListen(`${host}:${port}`, Object(error).code);
  }
}

/** A worker says it to the first process, which says it for all of them. */
function say(text: string): void {
  if (cluster.isWorker) process.send?.(text);
  else process.stdout.write(text);
}

/** Whoever stops it would kill it next, and count that as a failure. */
function giveUp(log: FastifyInstance['log']): void {
  log.warn('ending with something still open: it does not answer');
  process.exit(0);
}

/** `.env` adds to the environment and never overrides it. */
function loadEnvironment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}
