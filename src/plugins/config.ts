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
    try {
      await app.register(fastifyEnv, options);
    } catch (error) {
      throw new ConfigurationError(describe(error));
    }
    app.log.level = app.config.LOG_LEVEL;
  },
  { name: 'config', fastify: '5.x' },
);

/** Names each wrong variable and what it must be, without its value: that may be a secret. */
function describe(error: unknown): string {
  const failures: readonly { instancePath: string }[] = Object(error).errors;
  const names = new Set(failures.map(({ instancePath }) => instancePath.slice(1)));
  return Object.entries(configSchema.properties)
    .filter(([name]) => names.has(name))
    .map(([name, schema]) => `${name} must be ${Reflect.get(schema, 'description')}`)
    .join('; ');
}
