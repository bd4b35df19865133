import { existsSync } from 'node:fs';
import { type AppOptions, buildApp } from './app.ts';
import { PortInUse } from './errors.ts';

/** A first signal ends the service when it has finished what it began; a second one ends it at once. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The process edge: environment in, address out, signals to a clean end, one line for what went wrong. */
try {
  await serve({ env: loadEnvironment(), dataDirectory: '.data' });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function serve(options: AppOptions): Promise<void> {
  const app = await buildApp(options);
  const { HOST: host, PORT: port, API_KEYS } = app.config;
  const stop = () => {
    for (const signal of SIGNALS) process.removeListener(signal, stop);
    void app.close();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    const address = await app.listen({ host, port });
    process.stdout.write(`Listening on ${address}/properties/ (try it at ${address}/docs)\n`);
    if (app.embedded && !API_KEYS)
      process.stdout.write(`Write key: ${app.embedded.writeKey} (kept in .data/api-key)\n`);
  } catch (error) {
    await app.close();
    throw isAddressInUse(error) ? new PortInUse(host, port) : error;
  }
}

/** `.env` adds to the environment and never overrides it. */
function loadEnvironment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
