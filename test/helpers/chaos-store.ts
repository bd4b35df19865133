import type { Claims, Entry, KeyspaceFigures, Snapshot, Store, Tag } from '../../src/cache/store.ts';

type Operation = 'read' | 'write' | 'invalidate' | 'keyspace' | 'claim' | 'release';

/** Any store, with operations that a test can break or stop. */
export class ChaosStore implements Store {
  readonly broken = new Set<Operation>();
  /** Awaited before an operation reaches the store. */
  before: (operation: Operation) => Promise<void> = async () => {};
  readonly claims?: Claims;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
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

  write(key: string, entry: Entry, seconds: number): Promise<void> {
    return this.#pass('write', () => this.#store.write(key, entry, seconds));
  }

  invalidate(tags: readonly Tag[]): Promise<void> {
    return this.#pass('invalidate', () => this.#store.invalidate(tags));
  }

  keyspace(): Promise<KeyspaceFigures> {
    return this.#pass('keyspace', () => this.#store.keyspace());
  }

  async #pass<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
    await this.before(operation);
    if (this.broken.has(operation)) throw new Error(`${operation} is broken by the test`);
    return run();
  }
}
