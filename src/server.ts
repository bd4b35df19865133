import './steady-ticks.ts';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { type AppOptions, buildApp } from './app.ts';
import { BatchedOutput } from './batched-output.ts';
import { CannotListen } from './errors.ts';

/** Signals so close together are one: a terminal's Ctrl-C reaches npm, which passes it on. Milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/** Connections that may wait to be accepted, if the system allows so many: one that finds no place comes a second later. */
const BACKLOG = 4_096;

/** The process edge: environment in, address out, signals to a clean end, one line for what went wrong. */
try {
  await serve({ env: loadEnvironment(), dataDirectory: '.data', log: new BatchedOutput() }, stopSignal());
} catch (error) {
  const said = String(Object(error).message).replace(/\s+/g, ' ');
  process.stderr.write(`${said}\n`);
  process.exitCode = 1;
}

/** Starts, and ends when told to: also when that was during the start, so that nothing is left running. */
async function serve(options: AppOptions, stop: AbortSignal): Promise<void> {
  const app = await buildApp(options);
  try {
    if (!stop.aborted) await listen(app);
    if (!stop.aborted) await once(stop, 'abort');
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
    process.stdout.write(`Listening on ${address}/properties/ (try it at ${address}/docs)\n${keyLine}`);
  } catch (error) {
    throw new CannotListen(`${host}:${port}`, Object(error).code);
  }
}

/** Aborts at the first SIGINT or SIGTERM; a second one, a moment later, ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let first: number | undefined;
  const told = () => {
    first ??= performance.now();
    if (performance.now() - first > SAME_SIGNAL_MS) process.exit(1);
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, told);
  return stop.signal;
}

/** `.env` adds to the environment and never overrides it. */
function loadEnvironment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}
