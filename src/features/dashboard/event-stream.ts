import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** How much may be buffered for a client that does not read. Bytes. */
export const MAX_WAITING_BYTES = 256 * 1024;

/** How long a client may take to read the last events. Milliseconds. */
const LAST_WORDS_MS = 500;

/** The events for one client: the body of its response. The stream of a client that does not read is ended. */
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

  /** Does nothing: events are pushed as they happen. */
  override _read(): void {}
}
