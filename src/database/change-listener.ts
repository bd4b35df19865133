import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** The channel of the table's trigger (prisma/migrations). */
const CHANNEL = 'property_listings';

/** Between two attempts to connect again. Milliseconds. */
const RECONNECT_MS = 250;

/** What one attempt may take. Milliseconds. */
const CONNECT_MS = 3_000;

export interface ChangeHandlers {
  /** A transaction that changed rows was committed; `payload` is the trigger's. */
  changed(payload: string): Promise<void>;
  /** From now on every change is heard; what came before may have been missed. */
  listening(): Promise<void>;
  /** Changes go unheard until the next `listening`. */
  lost(error: Error): void;
}

/**
 * Hears of every committed change of the table, whoever made it, on a connection of its own: `LISTEN` needs a
 * session (https://www.postgresql.org/docs/current/sql-listen.html). `start` rejects if the first connection
 * fails; a later one is made again until `close`.
 */
export class ChangeListener {
  readonly #url: string;
  readonly #handlers: ChangeHandlers;
  readonly #closing = new AbortController();
  #client: pg.Client | undefined;
  #reconnecting: Promise<void> | undefined;

  constructor(url: string, handlers: ChangeHandlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    });
    let failure = new Error('the connection ended');
    client.on('error', (error) => {
      failure = error;
    });
    client.on('notification', ({ payload = '' }) => void this.#handlers.changed(payload));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      await client.end();
      throw error;
    }
    client.once('end', () => this.#lost(failure));
    this.#client = client;
    await this.#handlers.listening();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reconnecting;
    await this.#client?.end();
  }

  #lost(error: Error): void {
    if (this.#closing.signal.aborted) return;
    this.#client = undefined;
    this.#handlers.lost(error);
    this.#reconnecting = this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        return await this.start();
      } catch {
        await delay(RECONNECT_MS, undefined, { signal }).catch(() => {});
      }
    }
  }
}
