import { once } from 'node:events';
import { pipeline, type Readable, Transform } from 'node:stream';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { connectionTo } from './connection.ts';

/** Streams at once: each has a connection and a snapshot for as long as its client reads. */
const AT_ONCE = 4;

/** How long a further stream waits for one of them to end. Milliseconds. */
const CONNECT_MS = 3_000;

/** What PostgreSQL may wait for a lock before the first row. Milliseconds. */
const LOCK_MS = 7_500;

/** For how long an idle connection is kept. Milliseconds. */
const IDLE_MS = 10_000;

/** For how long a client may read nothing before its stream is ended. Milliseconds. */
const STALLED_MS = 30_000;

/** What streams may still take once the service is closing. Milliseconds. */
const CLOSING_MS = 5_000;

export interface RowStreamsOptions {
  readonly url: string;
  onConnectionLost(error: Error): void;
  readonly stalledMs?: number;
  readonly closingMs?: number;
  readonly lockMs?: number;
}

/** What is around the rows. */
export interface Frame {
  readonly start: string;
  readonly end: string;
}

/**
 * Answers too large to be held in memory: one `COPY` each, in one snapshot, as fast as the client reads and no faster
 * (https://www.postgresql.org/docs/current/sql-copy.html). On connections of their own: a slow client keeps its
 * connection for minutes, and no other request waits for it.
 */
export class RowStreams {
  readonly #pool: pg.Pool;
  readonly #options: Required<RowStreamsOptions>;
  readonly #open = new Set<Readable>();

  constructor(options: RowStreamsOptions) {
    this.#options = { stalledMs: STALLED_MS, closingMs: CLOSING_MS, lockMs: LOCK_MS, ...options };
    const { url, lockMs } = this.#options;
    const { config } = connectionTo(url, { name: 'property-listings stream', connectMs: CONNECT_MS, lockMs });
    this.#pool = new pg.Pool({ ...config, max: AT_ONCE, idleTimeoutMillis: IDLE_MS });
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
    joined.on('error', () => {}); // Its reader gets the error too; without a reader it must not be unhandled.
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
