import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { withHost } from './shapes.ts';

/** One answer as it came over the wire; a field that is given twice is a list. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Without its transfer coding, but still in its content coding. */
  readonly body: Buffer;
}

/** What came back on a connection of its own. */
export interface Exchange {
  /** Answers to what was sent, in order. */
  readonly answers: readonly RawAnswer[];
  /** The server refused to read on and reset the connection: answers may have been lost. */
  readonly reset: boolean;
}

/** What is no HTTP, or has too long a head, is refused before it is a request. */
export const isRefusal = ({ status }: RawAnswer): boolean => status === 400 || status === 431;

/** Sent after what is hostile, on the same connection: a server that lost count of its requests shows it there. */
const SENTINEL = 'GET /sentinel HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/**
 * Sends the bytes as they are, in one write, waits for as many answers as there are `methods`, and asks the sentinel
 * last. Rejects when there is more or less than an answer to each, unless the server ended the connection.
 */
export async function exchange(port: number, bytes: Buffer, methods: readonly string[]): Promise<Exchange> {
  const { answers, reset, rest } = await converse(port, bytes, methods);
  const isRefused = answers.some(isRefusal); // With a body also to HEAD.
  if (rest > 0 && !reset && !isRefused) throw new Error(`${rest} bytes belong to no answer`);
  if (answers.length > methods.length + 1) throw new Error('more answers than requests');
  if (answers.length === methods.length + 1) {
    const last = answers.pop();
    if (last?.status !== 404) throw new Error(`the sentinel was answered with ${last?.status}`);
  }
  return { answers, reset };
}

function converse(port: number, bytes: Buffer, methods: readonly string[]) {
  return new Promise<{ answers: RawAnswer[]; reset: boolean; rest: number }>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const answers: RawAnswer[] = [];
    let given: Buffer = Buffer.alloc(0);
    let asked = false;
    let reset = false;
    const read = () => {
      for (;;) {
        const found = parse(given, methods[answers.length] ?? 'GET');
        if (!found) break;
        given = found.rest;
        if (found.answer.status >= 200) answers.push(found.answer);
      }
      if (asked || answers.length < methods.length) return;
      asked = true;
      socket.write(SENTINEL);
    };
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      given = Buffer.concat([given, chunk]);
      try {
        read();
      } catch (error) {
        reject(error);
        socket.destroy();
      }
    });
    socket.on('error', () => {
      reset = true;
    });
    socket.on('close', () => {
      const last = reset ? undefined : parseToEnd(given);
      if (last) answers.push(last);
      resolve({ answers, reset, rest: last ? 0 : given.byteLength });
    });
  });
}

/** A connection that stays: what others do must not reach what is answered on it. */
export class KeptConnection {
  readonly #socket;
  #given: Buffer = Buffer.alloc(0);
  #arrived: () => void = () => {};
  #closed = false;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => {
      this.#given = Buffer.concat([this.#given, chunk]);
      this.#arrived();
    });
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#arrived();
    });
    this.#socket.on('error', () => {}); // Pending answers are rejected by `close`.
  }

  /** GETs all the targets in one packet. */
  get(targets: readonly string[], fields: readonly string[] = []): Promise<RawAnswer[]> {
    return this.getEach(targets.map((target) => [target, fields]));
  }

  /** The same, each with fields of its own. */
  async getEach(
    targets: readonly (readonly [target: string, fields: readonly string[]])[],
  ): Promise<RawAnswer[]> {
    const heads = targets.map(([target, fields]) =>
      [`GET ${target} HTTP/1.1`, ...withHost(fields), '\r\n'].join('\r\n'),
    );
    this.#socket.write(heads.join(''), 'latin1');
    const answers: RawAnswer[] = [];
    while (answers.length < targets.length) answers.push(await this.#next());
    if (this.#given.byteLength > 0) throw new Error('an answer without a request');
    return answers;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #next(): Promise<RawAnswer> {
    for (;;) {
      const found = parse(this.#given, 'GET');
      if (found) {
        this.#given = found.rest;
        return found.answer;
      }
      if (this.#closed) throw new Error('the connection of an innocent client was closed');
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }
}

/** The body without its content coding. */
export function decoded({ headers, body }: RawAnswer): string {
  const coding = headers['content-encoding'];
  if (coding === undefined || body.byteLength === 0) return body.toString();
  if (coding === 'gzip') return gunzipSync(body).toString();
  if (coding === 'br') return brotliDecompressSync(body).toString();
  throw new Error(`an unknown coding: ${coding}`);
}

/** The first answer of the bytes, if it is there to its end. */
function parse(bytes: Buffer, method: string): { answer: RawAnswer; rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const { status, headers } = headOf(bytes.subarray(0, end).toString('latin1'));
  const after = bytes.subarray(end + 4);
  const bodiless = method === 'HEAD' || status === 204 || status === 304 || status < 200;
  if (bodiless) return { answer: { status, headers, body: Buffer.alloc(0) }, rest: after };
  if (headers['transfer-encoding'] === 'chunked') {
    const chunks = chunked(after);
    return chunks && { answer: { status, headers, body: chunks.body }, rest: chunks.rest };
  }
  const length = Number(headers['content-length']);
  if (!(after.byteLength >= length)) return undefined;
  const body = after.subarray(0, length);
  return { answer: { status, headers, body }, rest: after.subarray(length) };
}

/** An answer whose body ends with the connection, as one to HTTP/1.0 may. */
function parseToEnd(bytes: Buffer): RawAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0 || !bytes.subarray(0, 5).equals(Buffer.from('HTTP/'))) return undefined;
  const head = headOf(bytes.subarray(0, end).toString('latin1'));
  return 'content-length' in head.headers ? undefined : { ...head, body: bytes.subarray(end + 4) };
}

function headOf(text: string) {
  const [first = '', ...lines] = text.split('\r\n');
  const [, status = ''] = /^HTTP\/1\.1 (\d{3}) /.exec(first) ?? [];
  if (status === '') throw new Error(`no answer of HTTP: ${JSON.stringify(text.slice(0, 200))}`);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`no field of HTTP: ${JSON.stringify(line)}`);
    const lower = name.toLowerCase();
    headers[lower] = lower in headers ? `${headers[lower]}, ${value}` : value;
  }
  return { status: Number(status), headers };
}

function chunked(bytes: Buffer): { body: Buffer; rest: Buffer } | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const length = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    const next = end + 2 + length + 2;
    if (next > bytes.byteLength) return undefined;
    if (length === 0) return { body: Buffer.concat(chunks), rest: bytes.subarray(next) };
    chunks.push(bytes.subarray(end + 2, end + 2 + length));
    at = next;
  }
}
