import { Gauge, type Registry } from 'prom-client';
import type { RedisWatch } from '../cache/redis-watch.ts';
import type { ChangeListener } from '../database/change-listener.ts';

export interface Dependencies {
  readonly changes: Pick<ChangeListener, 'alive'>;
  /** Without one there is no Redis. */
  readonly redisWatch?: Pick<RedisWatch, 'up' | 'size'>;
}

/** Whether what the service depends on is there, and how much Redis holds. */
export function registerDependencyFigures(registry: Registry, { changes, redisWatch }: Dependencies): void {
  const registers = [registry];

  new Gauge({
    name: 'dependency_up',
    help: '1 while PostgreSQL tells this process of changes; 1 while Redis answers it',
    labelNames: ['dependency'],
    registers,
    collect() {
      this.set({ dependency: 'postgresql' }, Number(changes.alive));
      if (redisWatch) this.set({ dependency: 'redis' }, Number(redisWatch.up));
    },
  });
  if (!redisWatch) return;

  new Gauge({
    name: 'redis_keys',
    help: 'Keys that Redis held when it was last asked',
    registers,
    collect() {
      this.set(redisWatch.size?.keys ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'redis_used_memory_bytes',
    help: "Redis' used_memory when it was last asked",
    registers,
    collect() {
      this.set(redisWatch.size?.bytes ?? Number.NaN);
    },
  });
}
