import pg from 'pg';

/** How often the clock is read. Milliseconds. */
const TICK_MS = 100;

/** If the clock was not read for so long, the process stood still: it was suspended, or very busy. Milliseconds. */
const STANDSTILL_MS = 500;

type Connected = (error: Error | undefined, client: pg.PoolClient | undefined, release: Release) => void;
type Release = (destroy?: Error | boolean) => void;

/** Called with how long a connection was waited for, in vain included, and how long it was in use. Milliseconds. */
export interface PoolObserver {
  waited(milliseconds: number): void;
  used(milliseconds: number): void;
}

/**
 * Connections to PostgreSQL. Like `pg.Pool`, with two differences. A connection whose query was refused is kept: a new one
 * would be made while the old one still ends, which is one more than `max`. And a wait for a connection that ran out while
 * this process stood still begins again, once: timers count that time, in which an answer may have come
 * without being read.
 */
export class Pool extends pg.Pool {
  #lookedAt = performance.now();
  #stoodStillAt = Number.NEGATIVE_INFINITY;
  #observer: PoolObserver | undefined;
  readonly #ticks = setInterval(() => this.#look(), TICK_MS).unref();

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<pg.PoolClient> | undefined {
    const connected = this.#connect();
    if (!callback) return connected;
    connected.then(
      (client) => callback(undefined, client, (destroy) => client.release(destroy)),
      (error) => callback(error, undefined, () => {}),
    );
    return undefined;
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | undefined {
    clearInterval(this.#ticks);
    const ended = super.end();
    if (!callback) return ended;
    ended.then(callback, callback);
    return undefined;
  }

  /** There is one observer. */
  observe(observer: PoolObserver): void {
    const acquired = new WeakMap<pg.PoolClient, number>();
    this.#observer = observer;
    this.on('acquire', (client) => acquired.set(client, performance.now()));
    this.on('release', (_error, client) => {
      const since = acquired.get(client);
      if (since !== undefined) observer.used(performance.now() - since);
    });
  }

  async #connect(): Promise<pg.PoolClient> {
    const began = performance.now();
    try {
      return await this.#connectOnceMore(began);
    } finally {
      this.#observer?.waited(performance.now() - began);
    }
  }

  /** @param began when the wait did */
  async #connectOnceMore(began: number): Promise<pg.PoolClient> {
    try {
      return keptAfterRefusals(await super.connect());
    } catch (error) {
      if (this.ending || this.#stoodStillAt < began) throw error;
      return keptAfterRefusals(await super.connect());
    }
  }

  #look(): void {
    const now = performance.now();
    if (now - this.#lookedAt > STANDSTILL_MS) this.#stoodStillAt = now;
    this.#lookedAt = now;
  }
}

/** `pool.query` closes the connection of every query that fails; after an ERROR of PostgreSQL the connection is still usable. */
function keptAfterRefusals(client: pg.PoolClient): pg.PoolClient {
  const release = client.release.bind(client);
  client.release = (reason) => {
    const isRefusal = reason instanceof pg.DatabaseError && reason.severity === 'ERROR';
    release(isRefusal ? undefined : reason);
  };
  return client;
}
