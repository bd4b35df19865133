import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Instance } from './instance.ts';
import type { Consequences } from './timeline.ts';

export interface Fault {
  readonly name: string;
  readonly needs: 'redis' | 'postgres' | 'several instances';
  readonly description: string;
  /** It hits the one instance that `inject` is given; else the instance is not used. */
  readonly single?: boolean;
  readonly consequences: Consequences;
  /** Where something in front passes requests on, it has no consequences. */
  readonly graceful?: boolean;
  /** Breaks nothing yet. */
  prepare?(fleet: Fleet, signal: AbortSignal): Promise<void>;
  /** Resolves when it was injected and healed; `signal` cuts its waiting short. */
  inject(fleet: Fleet, instance: Instance, signal: AbortSignal): Promise<void>;
}

/** How long Redis, PostgreSQL or an instance that was stopped stays away. Milliseconds. */
const DOWN_MS = 500;

/** How long what was paused, cut or full stays so. Milliseconds. */
const PAUSE_MS = 3_000;
const CUT_MS = 1_000;
const FULL_MS = 1_000;

/** Longer than the service takes to see that a connection is silent (two seconds for Redis). Milliseconds. */
const REDIS_DROP_MS = 3_000;
const POSTGRES_DROP_MS = 3_000;

/** How much is written between a snapshot and the loss of what came after it. Milliseconds. */
const SNAPSHOT_AGE_MS = 1_000;

/** Connections that hear notifications: by their name, or by what they asked last. */
const LISTENERS = `pid <> pg_backend_pid() AND (application_name LIKE '%listen%' OR query ILIKE 'listen%')`;

const wait = (milliseconds: number, signal: AbortSignal) => delay(milliseconds, undefined, { signal });

/** Everything that can be broken. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'redis-restart-empty',
    needs: 'redis',
    description: 'kill -9 of Redis, which comes back empty',
    consequences: {},
    async inject({ redis }, _, signal) {
      await redis?.kill();
      await wait(DOWN_MS, signal);
      await redis?.start({ snapshot: false });
    },
  },
  {
    name: 'redis-restart-old',
    needs: 'redis',
    description: 'kill -9 of Redis, which comes back as it was a second before',
    consequences: {},
    async prepare({ redis }, signal) {
      await redis?.command('SAVE');
      await wait(SNAPSHOT_AGE_MS, signal);
    },
    async inject({ redis }, _, signal) {
      await redis?.kill();
      await wait(DOWN_MS, signal);
      await redis?.start({ snapshot: true });
    },
  },
  {
    name: 'redis-pause',
    needs: 'redis',
    description: 'Redis stands still (SIGSTOP) for 3 s',
    consequences: {},
    async inject({ redis }, _, signal) {
      redis?.pause();
      await wait(PAUSE_MS, signal);
      redis?.resume();
    },
  },
  {
    name: 'redis-full',
    needs: 'redis',
    description: 'Redis has no memory left for 1 s and evicts nothing',
    consequences: {},
    async inject({ redis }, _, signal) {
      await redis?.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      await redis?.command('CONFIG', 'SET', 'maxmemory', '1'); // 0 would be no limit.
      await wait(FULL_MS, signal);
      await redis?.command('CONFIG', 'SET', 'maxmemory', '0');
    },
  },
  {
    name: 'redis-flush',
    needs: 'redis',
    description: 'FLUSHALL',
    consequences: {},
    async inject({ redis }) {
      await redis?.command('FLUSHALL');
    },
  },
  {
    name: 'redis-cut',
    needs: 'redis',
    description: 'one instance has no connection to Redis for 1 s',
    single: true,
    consequences: {},
    async inject(_, { toRedis }, signal) {
      await toRedis?.cut();
      await wait(CUT_MS, signal);
      await toRedis?.mend();
    },
  },
  {
    name: 'redis-drop',
    needs: 'redis',
    description: "one instance's packets to and from Redis are lost for 3 s",
    single: true,
    consequences: {},
    async inject(_, { toRedis }, signal) {
      toRedis?.drop();
      await wait(REDIS_DROP_MS, signal);
      await toRedis?.mend();
    },
  },
  {
    name: 'postgres-restart',
    needs: 'postgres',
    description: 'PostgreSQL is stopped and started',
    consequences: { fails: true },
    async inject({ postgres }, _, signal) {
      await postgres.stop();
      await wait(DOWN_MS, signal);
      await postgres.start();
    },
  },
  {
    name: 'listen-cut',
    needs: 'postgres',
    description: 'PostgreSQL ends every connection that hears notifications',
    consequences: {},
    async inject({ postgres }) {
      await postgres.execute(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${LISTENERS}`);
    },
  },
  {
    name: 'listen-drop',
    needs: 'postgres',
    description: "one instance's packets to and from PostgreSQL are lost for 3 s",
    single: true,
    consequences: { fails: true },
    async inject(_, { toPostgres }, signal) {
      toPostgres.drop();
      await wait(POSTGRES_DROP_MS, signal);
      await toPostgres.mend();
    },
  },
  {
    name: 'instance-pause',
    needs: 'several instances',
    description: 'one instance stands still (SIGSTOP) for 3 s',
    single: true,
    consequences: {},
    async inject(_, instance, signal) {
      instance.pause();
      await wait(PAUSE_MS, signal);
      instance.resume();
    },
  },
  {
    name: 'instance-kill',
    needs: 'several instances',
    description: 'kill -9 of one instance, which is started again',
    single: true,
    consequences: { fails: true },
    async inject(_, instance, signal) {
      await instance.kill();
      await wait(DOWN_MS, signal);
      await instance.start();
    },
  },
  {
    name: 'instance-restart',
    needs: 'several instances',
    description: 'SIGTERM to one instance, which is started again when it has ended',
    single: true,
    graceful: true,
    consequences: { fails: true },
    async inject(_, instance) {
      await instance.stop();
      await instance.start();
    },
  },
];
