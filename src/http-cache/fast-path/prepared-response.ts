import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** The head of a response in two parts: between them is the request id. */
export type Head = readonly [before: string, after: string];

/** The head of a response, and its bytes, with those of the body behind them. */
export interface Prepared {
  readonly status: number;
  readonly head: Head;
  /** The bytes of the last response, which are reused for the next one. */
  bytes: Buffer;
  /** The body, where it is too long to be copied there. */
  readonly rest?: Buffer | undefined;
}

/** Node's state of a response after `writeHead` and the first `write`. */
type Begun = ServerResponse & { _header: string; _headerSent: boolean };

/** A longer body is not copied behind the head. Bytes. */
const MAX_COPIED = 64 * 1024;

/**
 * `head` ends with an empty line, and says the length of the body if there is one. Between its parts is room for so many
 * characters.
 */
export function prepareResponse(status: number, head: Head, room: number, body?: Buffer): Prepared {
  const bytes = Buffer.from(head.join(' '.repeat(room)), 'latin1');
  if (!body) return { status, head, bytes };
  if (body.byteLength > MAX_COPIED) return { status, head, bytes, rest: body };
  return { status, head, bytes: Buffer.concat([bytes, body]) };
}

/**
 * Sends a response that was prepared before. `writeHead` would read, check and write each field again, which takes
 * longer than all else that a hit needs. Node documents no way around it: this leaves the response as `writeHead` does,
 * and `canSendPrepared` tries whether that still works. Where it does not, nothing is sent this way.
 *
 * `inserted` is written into the bytes themselves: to copy them for each request would take longer. Bytes that the system
 * has not taken yet are left to that response, and the next one gets others.
 */
export function sendPrepared(response: ServerResponse, prepared: Prepared, inserted: string): void {
  const { status, head, bytes, rest } = prepared;
  const begun = response as Begun; // Undocumented, so not among its types.
  begun.statusCode = status;
  begun._header = rest ? head.join(inserted) : head[0];
  begun._headerSent = rest === undefined; // Else Node sends the head before it, both in one go.
  if (!rest) bytes.write(inserted, head[0].length, 'latin1');
  begun.end(rest ?? bytes);
  if (!rest && begun.writableLength > 0) prepared.bytes = Buffer.from(bytes);
}

/** Whether this version of Node sends the head and the body as they are given, and counts the response as sent. */
export function canSendPrepared(): boolean {
  const sent: string[] = [];
  const socket = new Socket();
  socket.write = (chunk: string | Uint8Array) => {
    sent.push(String(chunk));
    return true;
  };
  const response = new ServerResponse(new IncomingMessage(socket));
  response.assignSocket(socket);
  const head: Head = ['HTTP/1.1 200 OK\r\nX-Name: ', '\r\nContent-Length: 4\r\n\r\n'];
  sendPrepared(response, prepareResponse(200, head, 4, Buffer.from('name')), 'name');
  socket.destroy();
  return response.headersSent && response.writableEnded && sent.join('') === `${head.join('name')}name`;
}
