import type { Random } from '../../support/random.ts';
import type { Target } from './instance.ts';

/**
 * Sends each request to an instance that has the fewest of them under way, by chance among those: one that
 * hangs is asked on, and does not stop the traffic of the others.
 */
export class LeastBusy {
  readonly #under = new Map<Target, number>();
  readonly #random: Random;

  constructor(instances: readonly Target[], random: Random) {
    for (const instance of instances) this.#under.set(instance, 0);
    this.#random = random;
  }

  async run<T>(ask: (instance: Target) => Promise<T>): Promise<T> {
    const fewest = Math.min(...this.#under.values());
    const idlest = [...this.#under].filter(([, count]) => count === fewest).map(([instance]) => instance);
    const instance = this.#random.pick(idlest);
    this.#count(instance, 1);
    try {
      return await ask(instance);
    } finally {
      this.#count(instance, -1);
    }
  }

  #count(instance: Target, change: number): void {
    this.#under.set(instance, (this.#under.get(instance) ?? 0) + change);
  }
}
