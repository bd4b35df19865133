import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** Of the body, in bytes. */
  readonly length: number;
  /** Status line and header fields, in lower case. */
  readonly head: string;
}

/** What one read takes from a socket. Bytes. */
const READ_BYTES = 256 * 1024;

/** For all connections: what was read is dealt with before anything else is. */
const read = Buffer.allocUnsafeSlow(READ_BYTES);

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);
const LENGTH = '\r\ncontent-length: ';

/**
 * One HTTP connection that is kept alive, with one request under way at a time. It knows no more of HTTP than a
 * load needs: where a head ends, and `Content-Length`. A body is counted, and not kept.
 */
export class Connection {
  readonly #socket: Socket;
  #head = NOTHING;
  #answer: Answer | undefined;
  /** Bytes of the body that are still to come. */
  #left = 0;
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  static async open(port: number): Promise<Connection> {
    const connection = new Connection(port);
    await once(connection.#socket, 'connect');
    return connection;
  }

  private constructor(port: number) {
    const receive = (length: number, buffer: Uint8Array) => {
      this.#receive(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      return true;
    };
    const onread = { buffer: read, callback: receive };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  exchange(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#socket.destroyed) this.#fail(new Error('the connection is closed'));
      else this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      const body = this.#answer ? chunk.length : this.#readHead(chunk); // Which says what `left` is.
      this.#left -= body;
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#left < 0) this.#fail(new Error('the body is longer than its Content-Length'));
    if (this.#left === 0 && this.#answer) this.#settle(this.#answer);
  }

  /** Returns how many bytes of the body there were behind the head. */
  #readHead(chunk: Buffer): number {
    const bytes = this.#head.length > 0 ? Buffer.concat([this.#head, chunk]) : chunk;
    const end = bytes.indexOf(END_OF_HEAD);
    if (end === -1) {
      this.#head = Buffer.from(bytes); // A copy: the next read overwrites it.
      return 0;
    }
    this.#head = NOTHING;
    this.#answer = answerOf(bytes.toString('latin1', 0, end));
    this.#left = this.#answer.length;
    return bytes.length - end - END_OF_HEAD.length;
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#answer = undefined;
    waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    this.#socket.destroy();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

function answerOf(text: string): Answer {
  const head = text.toLowerCase();
  const status = Number(head.slice(9, 12));
  return { status, length: status === 304 || status === 204 ? 0 : lengthOf(head), head };
}

function lengthOf(head: string): number {
  const start = head.indexOf(LENGTH);
  if (start === -1) throw new Error(`an answer without Content-Length: ${head}`);
  return Number.parseInt(head.slice(start + LENGTH.length, start + LENGTH.length + 12), 10);
}
