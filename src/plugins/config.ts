import fastifyEnv from '@fastify/env';
import fp from 'fastify-plugin';
import { type Config, schemaOptions } from '../config.ts';
import type { Times } from '../platform/index.ts';

declare module 'fastify' {
  interface FastifyInstance {
    config: Config;
    /** How long the service waits for its dependencies; src/app.ts decorates it. */
    times: Times;
  }
}

export interface ConfigOptions {
  /** The configuration, which is loaded before there is an application. */
  readonly config: Config;
}

/** Decorates `app.config`. */
export const config = fp<ConfigOptions>(
  async (app, { config: data }) => {
    await app.register(fastifyEnv, { ...schemaOptions(), data });
  },
  { name: 'config', fastify: '5.x' },
);
