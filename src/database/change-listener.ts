import timers from 'node:timers/promises';
import pg from 'pg';
import { withDeadline } from '../cache/deadline.ts';
import { proveHearing, type Ways } from './hearing.ts';

/** The channel of the table's trigger (prisma/migrations). */
const CHANNEL = 'property_listings';

/** How the sessions are seen in `pg_stat_activity`. */
const APPLICATION_NAME = 'property-listings listen';

/** Between two attempts to connect again. Milliseconds. */
const RECONNECT_MS = 250;

/** What one attempt may take. Milliseconds. */
const CONNECT_MS = 3_000;

/** Between two questions whether the connection is alive. Milliseconds. */
const HEARTBEAT_MS = 250;

/** For how long an answer counts: the bound on what can go unheard without a sign. Milliseconds. */
const ALIVE_MS = 2_000;

/** How long an answer may take before the connection counts as lost. Milliseconds. */
const SILENCE_MS = 3_000;

/** What the other side's goodbye may take. Milliseconds. */
const GOODBYE_MS = 500;

/** What a committed transaction changed. */
export interface Change {
  /** The transaction, the same for everybody who hears of it; undefined when it did not say. */
  readonly transaction: string | undefined;
  /** Ids of the rows that existed before; `*` for too many of them. */
  readonly rows: readonly number[] | '*';
  /** Where they were and are; `*` for too many of them. */
  readonly locations: readonly string[] | '*';
  /** What the program that made it calls itself (`application_name`), or nothing. */
  readonly by: string;
  /** When its statement ran, by PostgreSQL's clock; undefined when it did not say. Milliseconds since the epoch. */
  readonly at: number | undefined;
}

export interface ChangeHandlers {
  /** A transaction that changed rows was committed. */
  changed(change: Change): void;
  /** From now on every change is heard; what came before may have been missed. */
  listening(): Promise<void>;
  /** Changes go unheard until the next `listening`. */
  lost(error: Error): void;
}

/**
 * Hears of every committed change of the table, whoever made it, on a connection of its own: `LISTEN` needs a
 * session (https://www.postgresql.org/docs/current/sql-listen.html), and each one has to prove that it hears what is
 * written. `start` rejects if the first connection fails; a later one is made again until `close`.
 *
 * A network may drop packets without a sign, so the connection has to prove again and again that it is alive:
 * PostgreSQL sends what it has to notify before it says that it is done with a query, so an answer proves that
 * every commit before its question was heard of.
 */
export class ChangeListener {
  readonly #ways: Ways;
  readonly #handlers: ChangeHandlers;
  readonly #closing = new AbortController();
  #client: pg.Client | undefined;
  #provedAt = Number.NEGATIVE_INFINITY;
  #reconnecting: Promise<void> | undefined;

  constructor(ways: Ways, handlers: ChangeHandlers) {
    this.#ways = ways;
    this.#handlers = handlers;
  }

  /** False when changes may be going unheard: the connection is lost, or has not proved alive for two seconds. */
  get alive(): boolean {
    return performance.now() - this.#provedAt < ALIVE_MS;
  }

  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#ways.directUrl,
      connectionTimeoutMillis: CONNECT_MS,
      application_name: APPLICATION_NAME,
      keepAlive: true,
    });
    let failure = new Error('the connection ended');
    const failed = (error: Error) => {
      failure = error;
    };
    client.on('error', failed);
    client.on('notification', ({ channel, payload = '' }) => {
      if (channel === CHANNEL) this.#handlers.changed(changeOf(payload));
    });
    try {
      await client.connect();
      await withDeadline(client.query(`LISTEN ${CHANNEL}`), CONNECT_MS);
      await proveHearing(client, this.#ways);
    } catch (error) {
      await endOf(client);
      throw error;
    }
    client.once('end', () => this.#lost(failure));
    this.#client = client;
    this.#provedAt = performance.now();
    void this.#keepProving(client)
      .catch(failed)
      .then(() => endOf(client));
    await this.#handlers.listening();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reconnecting;
    if (this.#client) await endOf(this.#client);
  }

  /** Rejects when the connection no longer answers. */
  async #keepProving(client: pg.Client): Promise<void> {
    const { signal } = this.#closing;
    while (this.#client === client && !signal.aborted) {
      const asked = performance.now();
      await withDeadline(client.query('SELECT 1'), SILENCE_MS);
      if (this.#client === client) this.#provedAt = asked;
      await timers.setTimeout(HEARTBEAT_MS, undefined, { signal }).catch(() => {});
    }
  }

  #lost(error: Error): void {
    this.#provedAt = Number.NEGATIVE_INFINITY;
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
        await timers.setTimeout(RECONNECT_MS, undefined, { signal }).catch(() => {});
      }
    }
  }
}

/** What the trigger says in JSON. Anything else was said by hand, and may mean every row. */
function changeOf(payload: string): Change {
  try {
    const { transaction, rows, locations, by, at } = JSON.parse(payload);
    const said = { by: typeof by === 'string' ? by : '', at: typeof at === 'number' ? at : undefined };
    if (typeof transaction === 'string' && isListOrAny(rows, 'number') && isListOrAny(locations, 'string')) {
      return { transaction, rows, locations, ...said };
    }
  } catch {}
  return { transaction: undefined, rows: '*', locations: '*', by: '', at: undefined };
}

const isListOrAny = (value: unknown, type: 'number' | 'string'): boolean =>
  value === '*' || (Array.isArray(value) && value.every((each) => typeof each === type));

/** Says goodbye, and does not wait for somebody who does not answer. */
async function endOf(client: pg.Client): Promise<void> {
  await withDeadline(client.end(), GOODBYE_MS).catch(() => destroy(client));
}

/** `pg` has no other way to end a connection that is idle and silent. */
function destroy(client: pg.Client & { connection?: pg.Connection }): void {
  client.connection?.stream.destroy();
}
