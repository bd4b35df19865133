import { existsSync } from 'node:fs';
import { type AppOptions, buildApp } from './app.ts';
import { PortInUse } from './errors.ts';

/** The process edge: environment in, address out, signals to a clean end, one line for what went wrong. */
try {
  await serve({ env: loadEnvironment(), dataDirectory: '.data' }, firstSignal());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

/** Starts, and ends when told to: also when that was during the start, so that nothing is left running. */
async function serve(options: AppOptions, told: Promise<void>): Promise<void> {
  const app = await buildApp(options);
  void told.then(() => app.close());
  const { HOST: host, PORT: port } = app.config;
  try {
    const address = await app.listen({ host, port });
    process.stdout.write(`Listening on ${address}/properties/ (try it at ${address}/docs)\n`);
    const { madeKey } = app.dataSource;
    if (madeKey) process.stdout.write(`Write key: ${madeKey} (kept in .data/api-key)\n`);
  } catch (error) {
    await app.close();
    throw isAddressInUse(error) ? new PortInUse(host, port) : error;
  }
}

/** Signals so close together are one: a terminal's Ctrl-C reaches npm, which passes it on. Milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/** Resolves at the first SIGINT or SIGTERM; a second one, a moment later, ends the process at once. */
function firstSignal(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  return new Promise((resolve) => {
    const told = () => {
      resolve();
      setTimeout(stopListening, SAME_SIGNAL_MS).unref();
    };
    const stopListening = () => {
      for (const signal of signals) process.off(signal, told);
    };
    for (const signal of signals) process.on(signal, told);
  });
}

/** `.env` adds to the environment and never overrides it. */
function loadEnvironment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
