import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Pool } from '../../database/index.ts';

/** Upper bounds of the buckets. Seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Whether PostgreSQL is slow, or too few connections are shared by too many. */
export function registerPoolMetrics(registry: Registry, pool: Pool): void {
  const registers = [registry];

  new Gauge({
    name: 'postgresql_pool_connections',
    help: 'Connections of the pool, by state',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'used' }, pool.totalCount - pool.idleCount);
    },
  });

  new Gauge({
    name: 'postgresql_pool_waiting',
    help: 'Queries that wait for a connection',
    registers,
    collect() {
      this.set(pool.waitingCount);
    },
  });

  const wait = new Histogram({
    name: 'postgresql_pool_wait_seconds',
    help: 'What queries waited for a connection, in vain included',
    buckets: BOUNDS,
    registers,
  });
  const use = new Histogram({
    name: 'postgresql_pool_use_seconds',
    help: 'For how long a connection was used by a query or a transaction',
    buckets: BOUNDS,
    registers,
  });
  pool.observe({
    waited: (milliseconds) => wait.observe(milliseconds / 1000),
    used: (milliseconds) => use.observe(milliseconds / 1000),
  });
}
