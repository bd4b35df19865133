import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Test } from 'tap';
import { buildApp } from '../../src/app.ts';
import { EVERYTHING } from '../../src/features/properties/tags.ts';
import type { Times } from '../../src/platform/times.ts';
import { execute, scratchDatabase } from '../../support/database.ts';
import { PATIENT } from './times.ts';

export const WRITE_KEY = 'a-write-key-for-the-tests';
export const authorization = `Bearer ${WRITE_KEY}`;

/** A listing that is right in every field. */
export const LISTING = { title: 'Flat in Osu', description: 'Quiet.', price: '1200.00', location: 'Accra' };

/**
 * The service on a database of its own, as one test file sees it. Tests write as fast as they can, and wait for what is
 * there; one about a time says which, and `{}` is those of the service.
 */
export async function build(
  t: Test,
  env: Record<string, string> = {},
  times: Times = PATIENT,
): Promise<FastifyInstance> {
  const DATABASE_URL = env.DATABASE_URL ?? (await scratchDatabase(t));
  const app = await buildApp({
    env: { API_KEYS: WRITE_KEY, WRITE_RATE_LIMIT: '0', ...env, DATABASE_URL },
    dataDirectory: 'unused',
    times,
  });
  t.teardown(() => app.close());
  return app;
}

/** Empties the table past the extension, and waits until the app has heard of it. */
export async function empty(app: FastifyInstance): Promise<void> {
  const heard = invalidationOf(app, EVERYTHING);
  await execute(app.config.DATABASE_URL ?? '', 'TRUNCATE properties_property RESTART IDENTITY');
  await heard;
}

/** Resolves at the next invalidation that gives every one of `tags` a new token. */
export function invalidationOf(app: FastifyInstance, tags: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    app.caches.events.on('invalidation', function seen(given) {
      if (!tags.every((tag) => given.includes(tag))) return;
      app.caches.events.off('invalidation', seen);
      resolve();
    });
  });
}

/**
 * Makes a change through the API and waits until its echo, the trigger's notification, has been heard too:
 * from then on nothing is invalidated any more, and a second read is a hit.
 */
export async function settled<T>(app: FastifyInstance, change: () => Promise<T>): Promise<T> {
  const echoed = new Promise<void>((resolve) => {
    app.caches.events.on('invalidation', function seen(_tags, { cause }) {
      if (cause !== 'echo') return;
      app.caches.events.off('invalidation', seen);
      resolve();
    });
  });
  const result = await change();
  await echoed;
  return result;
}

/** Sends a request with the write key. A string is a body of JSON text as it is. */
export function write(
  app: FastifyInstance,
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  body?: string | object,
): Promise<LightMyRequestResponse> {
  const json = typeof body === 'string' && { 'content-type': 'application/json' };
  const request: InjectOptions = { method, url, headers: { authorization, ...json } };
  return app.inject(body === undefined ? request : { ...request, payload: body });
}

/** Adds a listing through the API, and waits until its invalidations are over. */
export async function add(app: FastifyInstance, fields: Partial<typeof LISTING> = {}) {
  const response = await settled(app, () => write(app, 'POST', '/properties/', { ...LISTING, ...fields }));
  return response.json<typeof LISTING & { id: number; created_at: string }>();
}

/** Runs SQL of which no instance is notified: an old answer afterwards comes from a cache, a new one from the database. */
export async function changeUnheard(app: FastifyInstance, sql: string): Promise<void> {
  const table = 'ALTER TABLE properties_property';
  await execute(
    app.config.DATABASE_URL ?? '',
    `${table} DISABLE TRIGGER USER; ${sql}; ${table} ENABLE TRIGGER USER`,
  );
}
