import timers from 'node:timers/promises';
import type pg from 'pg';
import { Type } from 'typebox';
import { connectionTo, type DatabaseUrls, proveDelivery, Session } from '../database/index.ts';
import { parserOf, withDeadline } from '../platform/index.ts';

/** The channel of the table's trigger (prisma/migrations). */
const CHANNEL = 'property_listings';

/** Between two attempts to connect again. Milliseconds. */
const RECONNECT_MS = 250;

/** What one attempt may take. Milliseconds. */
const CONNECT_MS = 3_000;

/** Between two heartbeats. Milliseconds. */
const HEARTBEAT_MS = 250;

/** How long the answer to a heartbeat counts: for at most this long a lost notification goes unnoticed. Milliseconds. */
const ALIVE_MS = 2_000;

/** How long an answer may take before the connection counts as lost. Milliseconds. */
const SILENCE_MS = 3_000;

/** Its session, in which no statement takes long. */
const LISTENING = { name: 'property-listings listen', connectMs: CONNECT_MS, statementMs: SILENCE_MS };

/** How long ending a session may take. Milliseconds. */
const GOODBYE_MS = 500;

/** What a committed transaction changed. */
export interface Change {
  /** The transaction's id, the same on every instance; undefined when the notification has none. */
  readonly transaction: string | undefined;
  /** Ids of the rows that existed before; `*` for too many of them. */
  readonly rows: readonly number[] | '*';
  /** Where they were and are; `*` for too many of them. */
  readonly locations: readonly string[] | '*';
  /** The `application_name` of the program that made it; empty if it has none. */
  readonly by: string;
  /** When its statement ran, by PostgreSQL's clock; undefined when it did not say. Milliseconds since the epoch. */
  readonly at: number | undefined;
}

/** What the trigger says of it in JSON: `by` and `at` do not count for what has changed. */
const parsePayload = parserOf(
  Type.Object({
    transaction: Type.String(),
    rows: Type.Union([Type.Literal('*'), Type.Array(Type.Number())]),
    locations: Type.Union([Type.Literal('*'), Type.Array(Type.String())]),
    by: Type.Optional(Type.Unknown()),
    at: Type.Optional(Type.Unknown()),
  }),
);

/** How long it waits, for tests. Milliseconds. */
export interface ListenerTimes {
  /** For how long an answer counts. */
  readonly aliveMs?: number | undefined;
  /** How long one may take before the connection counts as lost. */
  readonly silenceMs?: number | undefined;
  /** How long the proof that notifications are delivered may take. */
  readonly proofMs?: number | undefined;
}

export interface ChangeHandlers {
  /** A transaction that changed rows was committed. */
  changed(change: Change): void;
  /** From now on every change is reported; what came before may have been missed. */
  listening(): Promise<void>;
  /** Changes may be missed until the next `listening`. */
  lost(error: Error): void;
}

/**
 * Listens for every committed change of the table, by any program, on a connection of its own: `LISTEN` needs a
 * session (https://www.postgresql.org/docs/current/sql-listen.html), and each one has to prove that
 * notifications are delivered. `start` rejects if the first connection fails; a later one is made again until `close`.
 *
 * A network may drop packets without a sign, so a heartbeat proves again and again that the connection is alive: PostgreSQL
 * sends pending notifications before it reports that a query is done, so the answer to a heartbeat proves that every commit
 * before it was sent has been notified of.
 */
export class ChangeListener {
  readonly #urls: DatabaseUrls;
  readonly #handlers: ChangeHandlers;
  readonly #times: ListenerTimes;
  readonly #closing = new AbortController();
  #client: pg.Client | undefined;
  #provedAt = Number.NEGATIVE_INFINITY;
  #reconnecting: Promise<void> | undefined;

  constructor(urls: DatabaseUrls, handlers: ChangeHandlers, times: ListenerTimes = {}) {
    this.#urls = urls;
    this.#handlers = handlers;
    this.#times = times;
  }

  /** False while changes may be missed: the connection is lost, or has not proved alive for two seconds. */
  get alive(): boolean {
    const { aliveMs = ALIVE_MS } = this.#times;
    return performance.now() - this.#provedAt < aliveMs;
  }

  async start(): Promise<void> {
    const client = new Session(connectionTo(this.#urls.directUrl, LISTENING).config);
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
      await proveDelivery(client, this.#urls, this.#times.proofMs);
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
    const { silenceMs = SILENCE_MS } = this.#times;
    while (this.#client === client && !signal.aborted) {
      const sentAt = performance.now();
      await withDeadline(client.query('SELECT 1'), silenceMs);
      if (this.#client === client) this.#provedAt = sentAt;
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

/** A payload that the trigger did not write was sent by hand, and may mean every row. */
function changeOf(payload: string): Change {
  try {
    const { transaction, rows, locations, by, at } = parsePayload(payload);
    const said = { by: typeof by === 'string' ? by : '', at: typeof at === 'number' ? at : undefined };
    return { transaction, rows, locations, ...said };
  } catch {
    return { transaction: undefined, rows: '*', locations: '*', by: '', at: undefined };
  }
}

/** Ends the session, and destroys the connection if the server does not answer. */
async function endOf(client: pg.Client): Promise<void> {
  await withDeadline(client.end(), GOODBYE_MS).catch(() => destroy(client));
}

/** `pg` has no other way to end a connection that is idle and silent. */
function destroy(client: pg.Client & { connection?: pg.Connection }): void {
  client.connection?.stream.destroy();
}
