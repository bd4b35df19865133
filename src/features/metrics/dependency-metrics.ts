import { Gauge, type Registry } from 'prom-client';
import type { SharedServer } from '../../cache/index.ts';
import type { ChangeListener } from '../../coherence/index.ts';

export interface Dependencies {
  readonly changes: Pick<ChangeListener, 'alive'>;
  readonly caches: { readonly shared: Pick<SharedServer, 'kind' | 'up' | 'size'> | undefined };
}

/** Whether what the service depends on is there, and how much Redis holds. */
export function registerDependencyMetrics(registry: Registry, { changes, caches }: Dependencies): void {
  const { shared } = caches;
  const registers = [registry];

  new Gauge({
    name: 'dependency_up',
    help: '1 while PostgreSQL tells this process of changes; 1 while Redis answers it and can be written',
    labelNames: ['dependency'],
    registers,
    collect() {
      this.set({ dependency: 'postgresql' }, Number(changes.alive));
      if (shared) this.set({ dependency: shared.kind }, Number(shared.up));
    },
  });
  if (!shared) return;

  new Gauge({
    name: 'redis_keys',
    help: 'Keys that Redis held when it was last asked',
    registers,
    collect() {
      this.set(shared.size?.keys ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'redis_used_memory_bytes',
    help: "Redis' used_memory when it was last asked",
    registers,
    collect() {
      this.set(shared.size?.bytes ?? Number.NaN);
    },
  });
}
