import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** What may wait for a client that does not read. Bytes. */
export const MAX_WAITING_BYTES = 256 * 1024;

/** What a client may take to read the last of it. Milliseconds. */
const LAST_WORDS_MS = 500;

/** The events for one client: the body of its response. Nobody waits for a client who does not read: it is ended. */
export class EventStream extends Readable {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    super();
    this.#response = response;
  }

  say(frame: Buffer): void {
    this.push(frame);
    if (this.readableLength + this.#response.writableLength > MAX_WAITING_BYTES) this.destroy();
  }

  /** Nothing may be said after it. */
  end(): void {
    this.push(null);
    setTimeout(() => this.#response.destroy(), LAST_WORDS_MS).unref();
  }

  /** Nothing comes sooner because it is asked for. */
  override _read(): void {}
}
