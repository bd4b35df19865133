import type {
  Claims,
  Entry,
  KeyspaceStatistics,
  Last,
  Snapshot,
  Store,
  Tag,
  Tier,
} from '../../src/cache/stores/store.ts';

type Operation = 'read' | 'last' | 'write' | 'invalidate' | 'keyspace' | 'claim' | 'release';

/** Any store, with operations that a test can break or stop. */
export class ChaosStore implements Store {
  readonly broken = new Set<Operation>();
  /** Awaited before an operation reaches the store. */
  before: (operation: Operation) => Promise<void> = async () => {};
  readonly tier: Tier;
  readonly claims?: Claims;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.tier = store.tier;
    const { claims } = store;
    if (!claims) return;
    this.claims = {
      claim: (name, milliseconds) => this.#pass('claim', () => claims.claim(name, milliseconds)),
      release: (name) => this.#pass('release', () => claims.release(name)),
    };
  }

  read(key: string, tags: readonly Tag[]): Promise<Snapshot> {
    return this.#pass('read', () => this.#store.read(key, tags));
  }

  last(key: string): Promise<Last | undefined> {
    return this.#pass('last', () => this.#store.last(key));
  }

  write(key: string, entry: Entry, seconds: number): Promise<boolean> {
    return this.#pass('write', () => this.#store.write(key, entry, seconds));
  }

  invalidate(tags: readonly Tag[], change?: string): Promise<void> {
    return this.#pass('invalidate', () => this.#store.invalidate(tags, change));
  }

  keyspace(): Promise<KeyspaceStatistics> {
    return this.#pass('keyspace', async () => (await this.#store.keyspace?.()) ?? { hits: 0, misses: 0 });
  }

  async #pass<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
    await this.before(operation);
    if (this.broken.has(operation)) throw new Error(`${operation} is broken by the test`);
    return run();
  }
}
