import { once } from 'node:events';
import { pipeline, type Readable, Transform } from 'node:stream';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { connectionTo } from './schema-engine/connection.ts';

/** How the sessions are seen in `pg_stat_activity`. */
const APPLICATION_NAME = 'property-listings stream';

/** Streams at once: each has a connection and a snapshot for as long as its client reads. */
const AT_ONCE = 4;

/** What the next one waits for one of them to end. Milliseconds. */
const CONNECT_MS = 3_000;

/** For how long a connection that nobody uses is kept. Milliseconds. */
const IDLE_MS = 10_000;

/** For how long a reader may take nothing before his stream is ended. Milliseconds. */
const STALLED_MS = 30_000;

/** What streams may still take once the service is closing. Milliseconds. */
const CLOSING_MS = 5_000;

export interface RowStreamsOptions {
  readonly url: string;
  onConnectionLost(error: Error): void;
  readonly stalledMs?: number;
  readonly closingMs?: number;
}

/** What is around the rows. */
export interface Frame {
  readonly start: string;
  readonly end: string;
}

/**
 * Answers too large to be held: one `COPY` each, in one snapshot, as fast as their reader takes the bytes and no faster
 * (https://www.postgresql.org/docs/current/sql-copy.html). On connections of their own: a slow reader keeps his for
 * minutes, and nobody else has to wait for it.
 */
export class RowStreams {
  readonly #pool: pg.Pool;
  readonly #options: Required<RowStreamsOptions>;
  readonly #open = new Set<Readable>();

  constructor(options: RowStreamsOptions) {
    this.#options = { stalledMs: STALLED_MS, closingMs: CLOSING_MS, ...options };
    this.#pool = new pg.Pool({
      connectionString: connectionTo(options.url).config.connectionString,
      application_name: APPLICATION_NAME,
      max: AT_ONCE,
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
    });
    this.#pool.on('error', options.onConnectionLost);
  }

  /**
   * The rows of a query that has one column of JSON, with commas between them. Resolves when the first bytes are there,
   * and rejects with what kept them away. `COPY` takes no parameters: `$1` and its like become literals. The connection
   * is the stream's: destroyed at any time, read or not, it ends the query.
   */
  async open(text: string, values: readonly string[], frame: Frame): Promise<Readable> {
    const client = await this.#pool.connect();
    const query = text.replace(/\$(\d+)/g, (_, n) => client.escapeLiteral(String(values[Number(n) - 1])));
    const rows = client.query(copyTo(`COPY (${query}) TO STDOUT`));
    const { stalledMs } = this.#options;
    const stalled = setTimeout(() => joined.destroy(new Error('the reader has stalled')), stalledMs);
    const joined = new JoinedRows(frame, () => stalled.refresh());
    const lost = (error: Error) => joined.destroy(error);
    client.on('error', lost); // While it is in use its pool does not listen.
    joined.on('error', () => {}); // Whoever reads it hears of it too, if there is anybody.
    this.#open.add(joined);
    pipeline(rows, joined, (error) => {
      clearTimeout(stalled);
      this.#open.delete(joined);
      client.off('error', lost);
      client.release(error !== undefined && error !== null); // Or closed: the rest of the rows is on its way.
    });
    await once(joined, 'readable');
    return joined;
  }

  /** Streams that have begun get some seconds to end. */
  async closeSoon(): Promise<void> {
    const end = () => {
      for (const stream of this.#open) stream.destroy(new Error('the service is closing'));
    };
    setTimeout(end, this.#options.closingMs).unref();
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** JSON out of the text format of `COPY`: of what that escapes, JSON has backslashes only, and they come in pairs. */
class JoinedRows extends Transform {
  constructor({ start, end }: Frame, progress: () => void) {
    const beginning = Buffer.from(start);
    /** What comes before the next bytes: a comma when a row has ended, since another one follows if they come. */
    let before = beginning;
    let isEscaped = false;
    super({
      transform: (chunk: Buffer, _, done) => {
        progress();
        const rows = isEscaped || chunk.includes(BACKSLASH) ? unescaped(chunk) : chunk;
        const isBetween = rows.at(-1) === NEWLINE;
        for (let at = rows.indexOf(NEWLINE); at !== -1; at = rows.indexOf(NEWLINE, at + 1)) rows[at] = COMMA;
        done(null, Buffer.concat([before, isBetween ? rows.subarray(0, -1) : rows]));
        before = isBetween ? SEPARATOR : NOTHING;
      },
      flush: (done) => done(null, before === beginning ? start + end : end),
    });

    function unescaped(chunk: Buffer): Buffer {
      const plain = Buffer.allocUnsafe(chunk.byteLength);
      let length = 0;
      for (const byte of chunk) {
        isEscaped = byte === BACKSLASH && !isEscaped;
        if (!isEscaped) plain[length++] = byte;
      }
      return plain.subarray(0, length);
    }
  }
}

const SEPARATOR = Buffer.from([COMMA]);
const NOTHING = Buffer.alloc(0);
