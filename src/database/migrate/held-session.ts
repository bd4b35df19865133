import { Socket } from 'node:net';
import pg from 'pg';

/**
 * One session with PostgreSQL, which begins with its first query and is never replaced, so that its locks are held until it
 * ends. A pool by itself would open another one after any error, without the locks.
 */
export class HeldSession {
  /** The pool to give to `@prisma/adapter-pg`: its queries go through this session. */
  readonly pool: pg.Pool;
  /** The error with which the connection was lost. */
  lost: Error | undefined;
  readonly #socket = new Socket();
  #client: Promise<pg.PoolClient> | undefined;

  constructor(config: pg.PoolConfig) {
    this.pool = new pg.Pool({ ...config, max: 1, stream: () => this.#socket });
    Object.assign(this.pool, { query: (query: pg.QueryArrayConfig) => this.query(query) });
  }

  async query(query: string | pg.QueryArrayConfig): Promise<pg.QueryArrayResult> {
    this.#client ??= this.#connect();
    const client = await this.#client;
    return client.query(typeof query === 'string' ? { text: query, rowMode: 'array' } : query);
  }

  /** Ends the session at once, also in the middle of a query, which fails. */
  cutOff(): void {
    this.#socket.destroy();
  }

  async end(): Promise<void> {
    if (this.pool.ending) return;
    const ended = this.pool.end();
    (await this.#client?.catch(() => undefined))?.release();
    await ended;
  }

  async #connect(): Promise<pg.PoolClient> {
    const client = await this.pool.connect();
    client.on('error', (error) => {
      this.lost ??= error; // The first one has PostgreSQL's own words.
    });
    return client;
  }
}
