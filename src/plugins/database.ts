import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';
import type { Origin } from '../cache/events.ts';
import { type Change, type ChangeHandlers, ChangeListener } from '../database/change-listener.ts';
import { compareTables, makeFirstContact } from '../database/first-contact.ts';
import type { Pool } from '../database/pool.ts';
import { createPrisma, openPool, type Prisma } from '../database/prisma.ts';
import { RowStreams } from '../database/row-streams.ts';
import { applyMigrations } from '../database/schema-engine.ts';
import { packageRoot } from '../package-root.ts';
import { addSampleListings } from '../properties/sample-listings.ts';
import { tagsOf, tagsOfChange } from '../properties/tags.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The Prisma client, extended: its mutations invalidate the cache. */
    prisma: Prisma;
    /** Its connections. */
    pool: Pool;
    /** Answers that are too large to be held. */
    rowStreams: RowStreams;
    /** Hears of every change; while it is alive, PostgreSQL is there. */
    changes: ChangeListener;
  }
}

/** The beginning of what instances call themselves, and what this one does. */
const INSTANCES = 'property-listings instance';
const APPLICATION_NAME = `${INSTANCES} ${randomBytes(6).toString('hex')}`;

/** How many sample listings an embedded database starts with. */
const SAMPLES = 25;

/** Decorates `app.prisma`: migrated, and listening for the changes that other programs make. */
export const database = fp(
  async (app) => {
    const { caches, log } = app;
    const { url, directUrl, embedded } = app.dataSource;
    await makeFirstContact({ url, directUrl });
    for (const name of await applyMigrations(directUrl, join(packageRoot, 'prisma', 'migrations'))) {
      log.info({ migration: name }, 'migration applied');
    }
    await compareTables({ url, directUrl });

    const onConnectionLost = ({ message }: Error) =>
      log.warn({ reason: message }, 'a connection to PostgreSQL was lost');
    const pool = openPool({ url, pooled: url !== directUrl, applicationName: APPLICATION_NAME });
    app.decorate('pool', pool);
    const prisma = createPrisma({
      url,
      pool,
      tagsOf,
      invalidate: caches.invalidate,
      onConnectionLost,
    });
    app.decorate('prisma', prisma);
    app.addHook('onClose', () => prisma.$disconnect());

    const rowStreams = new RowStreams({ url: directUrl, onConnectionLost });
    app.decorate('rowStreams', rowStreams);
    app.addHook('preClose', () => rowStreams.closeSoon());
    app.addHook('onClose', () => rowStreams.close());

    const listener = new ChangeListener({ url, directUrl }, changeHandlers(app));
    app.decorate('changes', listener);
    caches.watch(() => listener.alive);
    app.addHook('onClose', () => listener.close());
    await listener.start();

    if (embedded) await addSampleListings(prisma, SAMPLES);
  },
  { name: 'database', dependencies: ['caches', 'data-source'], fastify: '5.x' },
);

/** What is heard is invalidated; while nothing can be heard the cache is not to be trusted. */
function changeHandlers({ caches, log }: Pick<FastifyInstance, 'caches' | 'log'>): ChangeHandlers {
  let deaf = false;
  return {
    changed: (change) => {
      const { transaction } = change;
      const tags = tagsOfChange(change);
      const origin = originOf(change);
      if (transaction === undefined) void caches.invalidate(tags, origin);
      else caches.hear(tags, { ...origin, change: transaction });
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

/** Who made a change. */
function originOf({ by, at }: Change): Origin {
  const when = at === undefined ? {} : { at };
  if (by === APPLICATION_NAME) return { cause: 'echo', ...when };
  return by.startsWith(INSTANCES) ? { cause: 'instance', ...when } : { cause: 'program', by, ...when };
}
