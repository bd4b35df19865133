import type { LogOutput } from '../http/index.ts';
import { codeOf } from '../platform/index.ts';
import { complain } from './standard-error.ts';

/** How long a line may wait for others (milliseconds), and how much is written at once (characters). */
const WAIT_MS = 10;
const MAX_LENGTH = 16 * 1024;

/** Where the batches go: a file throws its errors, a pipe or a terminal emits them. */
interface Output extends LogOutput {
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * Standard output, with one write for the log lines of some milliseconds: a write for each line would cost more than a cached
 * answer. The rest is written when the process ends, even by an uncaught error.
 *
 * Lines that cannot be written are lost, and the service goes on: the reader of the pipe may be gone, or the disk full.
 */
export class BatchedOutput implements LogOutput {
  readonly #output: Output;
  #lines = '';
  #hasLost = false;

  constructor(output: Output = process.stdout) {
    this.#output = output;
    output.on?.('error', this.#lose);
    process.once('exit', this.#flush);
  }

  write(line: string): void {
    if (this.#lines === '') setTimeout(this.#flush, WAIT_MS);
    this.#lines += line;
    if (this.#lines.length > MAX_LENGTH) this.#flush();
  }

  readonly #flush = (): void => {
    const lines = this.#lines;
    this.#lines = '';
    try {
      if (lines !== '') this.#output.write(lines);
    } catch (error) {
      this.#lose(error);
    }
  };

  /** Later lines are tried again: the disk may have room by then. */
  readonly #lose = (error: unknown): void => {
    if (!this.#hasLost) complain(`The log cannot be written (${codeOf(error)}): going on without it\n`);
    this.#hasLost = true;
  };
}
