import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import fp from 'fastify-plugin';
import type { Origin } from '../cache/events.ts';
import { type Change, ChangeListener } from '../database/change-listener.ts';
import { createPrisma, type Prisma } from '../database/prisma.ts';
import { RowStreams } from '../database/row-streams.ts';
import { applyMigrations } from '../database/schema-engine.ts';
import { packageRoot } from '../package-root.ts';
import { addSampleListings } from '../properties/sample-listings.ts';
import { tagsOf, tagsOfChange } from '../properties/tags.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The Prisma client, extended: its mutations invalidate the cache. */
    prisma: Prisma;
    /** The connections of the Prisma client, and how many queries wait for one. */
    databasePool: { readonly waitingCount: number };
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
    const { url, embedded } = app.dataSource;
    for (const name of await applyMigrations(url, join(packageRoot, 'prisma', 'migrations'))) {
      log.info({ migration: name }, 'migration applied');
    }

    const onConnectionLost = ({ message }: Error) =>
      log.warn({ reason: message }, 'a connection to PostgreSQL was lost');
    const prisma = createPrisma({
      url,
      applicationName: APPLICATION_NAME,
      tagsOf,
      invalidate: caches.invalidate,
      onConnectionLost,
      onPool: (pool) => app.decorate('databasePool', { getter: () => pool }),
    });
    app.decorate('prisma', prisma);
    app.addHook('onClose', () => prisma.$disconnect());

    const rowStreams = new RowStreams({ url, onConnectionLost });
    app.decorate('rowStreams', rowStreams);
    app.addHook('preClose', () => rowStreams.closeSoon());
    app.addHook('onClose', () => rowStreams.close());

    const listener = new ChangeListener(url, {
      changed: (change) => {
        const { transaction } = change;
        const tags = tagsOfChange(change);
        const origin = originOf(change);
        if (transaction === undefined) void caches.invalidate(tags, origin);
        else caches.hear(tags, { ...origin, change: transaction });
      },
      listening: () => caches.trust('listener'),
      lost: ({ message }) => {
        caches.distrust('listener');
        log.warn(
          { reason: message },
          'cannot hear what other programs change: bypassing the cache until it can',
        );
      },
    });
    app.decorate('changes', listener);
    caches.watch(() => listener.alive);
    app.addHook('onClose', () => listener.close());
    await listener.start();

    if (embedded) await addSampleListings(prisma, SAMPLES);
  },
  { name: 'database', dependencies: ['caches', 'data-source'], fastify: '5.x' },
);

/** Who made a change. */
function originOf({ by, at }: Change): Origin {
  const when = at === undefined ? {} : { at };
  if (by === APPLICATION_NAME) return { cause: 'echo', ...when };
  return by.startsWith(INSTANCES) ? { cause: 'instance', ...when } : { cause: 'program', by, ...when };
}
