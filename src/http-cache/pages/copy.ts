import { type Readable, Transform } from 'node:stream';

const tooLarge = new WeakSet<object>();

/** Marks a handler's stream as too large to be kept: it is only passed on. */
export function tooLargeToKeep<T extends Readable>(stream: T): T {
  tooLarge.add(stream);
  return stream;
}

export const isTooLarge = (stream: Readable): boolean => tooLarge.has(stream);

/** Passes a stream on, and calls `done` with all its bytes when the last has come, unless there are more than `maxBytes`. */
export class Copy extends Transform {
  constructor(maxBytes: number, done: (body: Buffer) => void) {
    let chunks: Buffer[] = [];
    let bytes = 0;
    super({
      transform: (chunk: Buffer, _, next) => {
        bytes += chunk.byteLength;
        if (bytes <= maxBytes) chunks.push(chunk);
        else chunks = [];
        next(null, chunk);
      },
      flush: (next) => {
        if (bytes <= maxBytes) done(Buffer.concat(chunks));
        next();
      },
    });
  }
}
