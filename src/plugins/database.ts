import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Origin } from '../cache/index.ts';
import {
  type Change,
  type ChangeHandlers,
  ChangeListener,
  createPrisma,
  type InvalidationRules,
  type Prisma,
} from '../coherence/index.ts';
import type { Pool } from '../database/index.ts';
import {
  applyMigrations,
  compareTables,
  endsStatements,
  openPool,
  preflight,
  RowStreams,
  STATEMENT_MS,
} from '../database/index.ts';
import { packageRoot, type TagNames, takeStep } from '../platform/index.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The Prisma client, extended: its mutations invalidate the cache. */
    prisma: Prisma;
    /** Its connections. */
    pool: Pool;
    /** Answers that are too large to be held. */
    rowStreams: RowStreams;
    /** Listens for every change; while it is alive, PostgreSQL is there. */
    changes: ChangeListener;
  }
}

/** The beginning of every instance's `application_name`, and the name of this one. */
const INSTANCES = 'property-listings instance';
const APPLICATION_NAME = `${INSTANCES} ${randomBytes(6).toString('hex')}`;

/** The warning for a pooler whose role has no `statement_timeout`. */
const NO_LIMIT = `statements that wait go on behind the pooler when they are given up: ALTER ROLE … SET statement_timeout = '${STATEMENT_MS}ms'`;

/** How many sample listings an embedded database starts with. */
const SAMPLES = 25;

/** Which tags a change of the tables invalidates, and what some of them stand for. */
export interface CoherenceRules extends Pick<InvalidationRules, 'tagsOf' | 'namesOf' | 'everything'> {
  /** The tags of what a committed transaction of any program changed. */
  tagsOfChange(change: Change): readonly string[];
  /** What some of them stand for. */
  namesOfChange(change: Change): TagNames;
}

export interface DatabaseOptions {
  readonly rules: CoherenceRules;
  /** Adds so many rows to the embedded database, unless it has some. */
  addSamples(prisma: Prisma, count: number): Promise<unknown>;
  /** Ends a start that waits. */
  readonly stop?: AbortSignal | undefined;
}

/** Decorates `app.prisma`: migrated, and listening for the changes that other programs make. */
export const database = fp<DatabaseOptions>(
  async (app, { rules, addSamples, stop }) => {
    const { caches, log, times } = app;
    const { url, directUrl, embedded } = app.dataSource;
    const check = { step: 'preflight', waitsFor: 'the first answer of PostgreSQL' };
    await takeStep(log, check, () => preflight({ url, directUrl }));
    for (const migration of await migrate(log, { directUrl, stop })) {
      log.info({ migration }, 'migration applied');
    }
    await compareTables({ url, directUrl });
    if (!(await endsStatements({ url, directUrl }, STATEMENT_MS))) log.warn(NO_LIMIT);

    const onConnectionLost = ({ message }: Error) =>
      log.warn({ reason: message }, 'a connection to PostgreSQL was lost');
    const pool = openPool({ url, pooled: url !== directUrl, applicationName: APPLICATION_NAME });
    app.decorate('pool', pool);
    const prisma = createPrisma({
      url,
      pool,
      ...rules,
      invalidate: (tags, names) => caches.invalidate(tags, { cause: 'write', at: Date.now(), names }),
      onConnectionLost,
    });
    app.decorate('prisma', prisma);
    app.addHook('onClose', () => prisma.$disconnect());

    const rowStreams = new RowStreams({ url: directUrl, onConnectionLost });
    app.decorate('rowStreams', rowStreams);
    app.addHook('preClose', () => rowStreams.closeSoon());
    app.addHook('onClose', () => rowStreams.close());

    const listener = new ChangeListener({ url, directUrl }, changeHandlers(app, rules), {
      aliveMs: times.listenerAliveMs,
      silenceMs: times.listenerSilenceMs,
    });
    app.decorate('changes', listener);
    caches.watch(() => listener.alive);
    app.addHook('onClose', () => listener.close());
    const listening = { step: 'listening for changes', waitsFor: 'PostgreSQL to notify of changes' };
    const client = { step: 'database client', waitsFor: 'the query compiler' };
    await Promise.all([
      takeStep(log, listening, () => listener.start()),
      takeStep(log, client, () => prisma.$connect()), // Loads modules that a query would load, when they may be gone.
    ]);

    if (!embedded) return;
    const samples = { step: 'sample listings', waitsFor: 'the sample listings' };
    await takeStep(log, samples, () => addSamples(prisma, SAMPLES));
  },
  { name: 'database', dependencies: ['caches', 'data-source'], fastify: '5.x' },
);

/** Returns the names of what it applied. */
function migrate(
  log: FastifyBaseLogger,
  { directUrl, stop }: Pick<DatabaseOptions, 'stop'> & { directUrl: string },
): Promise<string[]> {
  const step = { step: 'migrations', waitsFor: 'PostgreSQL to say which migrations it lacks' };
  return takeStep(log, step, (waitsFor) => {
    const migrating = { signal: stop, waitsFor, warn: (text: string) => log.warn(text) };
    return applyMigrations(directUrl, join(packageRoot, 'prisma', 'migrations'), migrating);
  });
}

/** Invalidates what the listener reports; while it is lost, the cache is bypassed. */
function changeHandlers(
  { caches, log }: Pick<FastifyInstance, 'caches' | 'log'>,
  { tagsOfChange, namesOfChange }: CoherenceRules,
): ChangeHandlers {
  let deaf = false;
  return {
    changed: (change) => {
      const { transaction } = change;
      const tags = tagsOfChange(change);
      const origin = { ...originOf(change), names: namesOfChange(change) };
      if (transaction === undefined) void caches.invalidate(tags, origin);
      else caches.invalidateNotified(tags, { ...origin, change: transaction });
    },
    listening: async () => {
      if (deaf) log.info('hearing what other programs change again');
      deaf = false;
      await caches.trust('listener');
    },
    lost: ({ message }) => {
      deaf = true;
      caches.distrust('listener');
      log.warn(
        { reason: message },
        'cannot hear what other programs change: bypassing the cache until it can',
      );
    },
  };
}

/** The origin of a change: this instance, another one, or another program. */
function originOf({ by, at }: Change): Origin {
  const when = at === undefined ? {} : { at };
  if (by === APPLICATION_NAME) return { cause: 'echo', ...when };
  return by.startsWith(INSTANCES) ? { cause: 'instance', ...when } : { cause: 'program', by, ...when };
}
