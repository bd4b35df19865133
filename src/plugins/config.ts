import fastifyEnv from '@fastify/env';
import fp from 'fastify-plugin';
import { type Config, configSchema } from '../config.ts';
import { ConfigurationError } from '../errors.ts';

declare module 'fastify' {
  interface FastifyInstance {
    config: Config;
  }
}

export interface ConfigOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Decorates `app.config`: the environment, validated. An empty variable counts as unset. */
export const config = fp<ConfigOptions>(
  async (app, { env }) => {
    const data = Object.fromEntries(
      Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
    );
    const options = { schema: structuredClone(configSchema), data, env: false };
    await app.register(fastifyEnv, options).after((error) => {
      if (error) throw new ConfigurationError(describe(error));
    });
    app.log.level = app.config.LOG_LEVEL;
  },
  { name: 'config', fastify: '5.x' },
);

/** Names each wrong variable and what it must be, without its value: that may be a secret. */
function describe(error: Error): string {
  const failures: { instancePath: string; message?: string }[] = Reflect.get(error, 'errors') ?? [];
  const named = failures
    .map(({ instancePath, message }) => ({ name: instancePath.slice(1), message }))
    .filter(({ name }) => name in configSchema.properties)
    .map(
      ({ name, message }) =>
        `${name} ${message} (${Object(Reflect.get(configSchema.properties, name)).description})`,
    );
  return [...new Set(named)].join('; ') || error.message;
}
