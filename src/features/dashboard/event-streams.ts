import type { ServerResponse } from 'node:http';
import { TooManyStreams } from '../../errors.ts';
import { EventStream } from './event-stream.ts';

/** Streams at once. */
export const MAX_STREAMS = 64;

/** How soon a client connects again, and a comment that shows it that the connection is alive. */
const RETRY = 'retry: 2000\n\n';
const HEARTBEAT = ':\n\n';

/** The event streams of all clients. */
export class EventStreams {
  readonly #open = new Set<EventStream>();
  #closed = false;

  get size(): number {
    return this.#open.size;
  }

  /**
   * @param first makes the frame that it begins with, if there is room
   * @throws TooManyStreams
   */
  open(response: ServerResponse, first: () => string): EventStream {
    if (this.#open.size >= MAX_STREAMS) throw new TooManyStreams();
    const stream = new EventStream(response);
    stream.say(Buffer.from(RETRY + first()));
    stream.once('close', () => this.#open.delete(stream));
    if (!this.#closed) this.#open.add(stream);
    else stream.end(); // Its client connects again, to the process that listens then.
    return stream;
  }

  say(frame: string): void {
    const bytes = Buffer.from(frame);
    for (const stream of this.#open) stream.say(bytes);
  }

  beat(): void {
    this.say(HEARTBEAT);
  }

  close(): void {
    this.#closed = true;
    for (const stream of this.#open) stream.end();
    this.#open.clear();
  }
}
